//! The tasks of a job, as they stand in a file.

use std::fs;
use std::path::{Path, PathBuf};

use analyte_core::limits::Limits;
use analyte_core::names::{ModelName, ProviderName, TaskName};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Client;
use super::interface::Interface;
use super::submission::as_json;
use crate::arguments::table_input::TableFile;
use crate::output::report::Report;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    tasks: Vec<GraphTask>,
}

/// One task: as the server takes it, but that its input may be in a file of its own.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraphTask {
    name: TaskName,
    provider: ProviderName,
    model: ModelName,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Box<RawValue>>,
    /// Beside the graph's file, unless it is absolute.
    #[serde(skip_serializing)]
    input_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Vec<TaskName>>,
}

/// Reads the tasks from a file, and the tables from those that it names.
pub(crate) fn read(path: &Path, client: &Client) -> Result<Vec<GraphTask>> {
    let most = Limits::default().body_bytes;
    let text = fs::read_to_string(path).with_context(|| format!("the graph {} cannot be read", path.display()))?;
    let mut tasks = parse(&text, is_toml(path)).with_context(|| format!("in the graph {}", path.display()))?;
    for task in &mut tasks {
        let Some(file) = task.input_file.take() else { continue };
        if task.input.is_some() {
            let message = format!("task `{}` has both `input` and `input_file`; give one of them", task.name);
            return Err(Report::new(message).into());
        }
        let given = TableFile::read(&path.parent().unwrap_or(Path::new("")).join(file), None, most)
            .with_context(|| format!("for task `{}`", task.name))?;
        let interface = Interface::of(client, &task.provider, &task.model)?;
        task.input = Some(as_json(&given, &interface)?);
    }
    Ok(tasks)
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"))
}

fn parse(text: &str, toml: bool) -> Result<Vec<GraphTask>> {
    let json = if toml {
        let table: toml::Table = text.parse().context("it is not TOML")?;
        Some(json_of(toml::Value::Table(table))?.to_string())
    } else {
        None
    };
    let graph: Graph = serde_json::from_str(json.as_deref().unwrap_or(text)).context("it is not a list of tasks")?;
    Ok(graph.tasks)
}

/// The same value as JSON, where times are texts.
fn json_of(value: toml::Value) -> Result<Value> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map(Value::Number)
            .with_context(|| format!("{number} cannot be sent as JSON; leave the cell out for a missing value"))?,
        toml::Value::Boolean(yes) => Value::Bool(yes),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json_of).collect::<Result<_>>()?),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| Ok((name, json_of(value)?))).collect::<Result<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn sent(text: &str, toml: bool) -> Value {
        serde_json::to_value(parse(text, toml).unwrap()).unwrap()
    }

    #[test]
    fn toml_and_json_are_the_same_tasks() {
        let toml = r#"
            [[tasks]]
            name = "a"
            provider = "p"
            model = "m"
            input = [{ x = 1, at = 2026-01-31T08:00:00Z }, { x = 2.5 }]
            parameters = { deep = [true, "text"] }

            [[tasks]]
            name = "b"
            provider = "p"
            model = "m"
            after = ["a"]
            limits = { fuel = 5 }
        "#;
        let json = r#"{"tasks": [
            {"name": "a", "provider": "p", "model": "m", "input": [{"x": 1, "at": "2026-01-31T08:00:00Z"}, {"x": 2.5}],
             "parameters": {"deep": [true, "text"]}},
            {"name": "b", "provider": "p", "model": "m", "after": ["a"], "limits": {"fuel": 5}}]}"#;
        let expected: Value = serde_json::from_str::<Value>(json).unwrap().get("tasks").cloned().unwrap();
        assert_eq!(sent(json, false), expected);
        assert_eq!(sent(toml, true), expected);
    }

    #[test]
    fn what_is_not_known_or_cannot_be_sent_is_refused() {
        let refused = |text: &str, toml| format!("{:#}", parse(text, toml).err().unwrap());
        let twice = r#"{"tasks": [{"name": "a", "name": "b", "provider": "p", "model": "m"}]}"#;
        assert!(refused(twice, false).contains("duplicate field `name`"), "{}", refused(twice, false));
        let priority = r#"{"tasks": [], "priority": 1}"#;
        assert!(refused(priority, false).contains("unknown field `priority`"));
        let nan = "[[tasks]]\nname = \"a\"\nprovider = \"p\"\nmodel = \"m\"\ninput = [{ x = nan }]";
        assert!(refused(nan, true).contains("NaN cannot be sent as JSON"), "{}", refused(nan, true));
    }
}
