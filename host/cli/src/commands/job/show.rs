//! `analyte job show`

use std::collections::HashMap;

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::status::in_words;
use crate::client::{Connection, address};
use crate::output::grid::{Column, lay_out};
use crate::output::list::{ThingFormat, items, text};

/// Shows a job and its tasks as the graph that they are.
///
/// A task stands below the first of those that it waits for; the others stand in the column `also after`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The job.
    id: JobId,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let job = client.get(&address::job(self.id), &[])?;
        let tasks = client.get(&format!("{}/tasks", address::job(self.id)), &[])?;
        let whole = json!({ "job": &job, "tasks": tasks.get("tasks") });
        ThingFormat::show(self.format, &whole, || {
            format!("{}\n{}", in_words(&job), graph(&items(&tasks, "/tasks").collect::<Vec<_>>()))
        })
    }
}

/// The tasks as lines of a table, drawn as a forest.
fn graph(tasks: &[&Value]) -> String {
    let columns = ["task", "status", "model", "attempt", "also after", "error"].map(Column::words);
    let rows = drawn(tasks).into_iter().map(|(begin, task)| {
        let others = items(task, "/parents").skip(1).filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
        let error = match (text(task, "/error/code"), text(task, "/error/message")) {
            (code, _) if code.is_empty() => String::new(),
            (code, message) => format!("{code}: {message}"),
        };
        let model = format!("{} of {}", text(task, "/model"), text(task, "/provider"));
        vec![
            format!("{begin}{}", text(task, "/name")),
            text(task, "/status"),
            model,
            text(task, "/attempt"),
            others,
            error,
        ]
    });
    lay_out(&columns, rows)
}

/// Each task with what is drawn before its name, below the first of its parents. Several children are branches; an only child
/// stands straight below its parent, so that a long chain stays narrow.
fn drawn<'a>(tasks: &[&'a Value]) -> Vec<(String, &'a Value)> {
    let first_parent = |task: &Value| items(task, "/parents").next().and_then(Value::as_str).map(str::to_owned);
    let mut children: HashMap<Option<String>, Vec<&'a Value>> = HashMap::new();
    for task in tasks {
        children.entry(first_parent(task)).or_default().push(task);
    }
    // What is drawn before its name, what before its children, and the task; the next one last.
    let mut waiting: Vec<(String, String, &Value)> = Vec::new();
    let roots = children.remove(&None).unwrap_or_default();
    waiting.extend(roots.into_iter().rev().map(|root| (String::new(), String::new(), root)));
    let mut lines = Vec::with_capacity(tasks.len());
    while let Some((begin, below, task)) = waiting.pop() {
        let own = children.remove(&Some(text(task, "/name"))).unwrap_or_default();
        if let [only] = own.as_slice() {
            waiting.push((format!("{below}↓ "), below, only));
        } else {
            let last = own.len().saturating_sub(1);
            for (place, child) in own.into_iter().enumerate().rev() {
                let (branch, further) = if place == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                waiting.push((format!("{below}{branch}"), format!("{below}{further}"), child));
            }
        }
        lines.push((begin, task));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_drawn_below_the_first_of_their_parents() {
        let task = |name: &str, parents: &[&str]| json!({ "name": name, "parents": parents });
        let tasks = [
            task("left", &[]),
            task("right", &[]),
            task("middle", &["right"]),
            task("a", &["middle"]),
            task("b", &["middle", "left"]),
            task("c", &["a"]),
            task("d", &["c", "b"]),
            task("e", &["b"]),
        ];
        let lines: Vec<String> = drawn(&tasks.iter().collect::<Vec<_>>())
            .into_iter()
            .map(|(begin, task)| format!("{begin}{}", text(task, "/name")))
            .collect();
        let expected = ["left", "right", "↓ middle", "├─ a", "│  ↓ c", "│  ↓ d", "└─ b", "   ↓ e"];
        assert_eq!(lines, expected);
        let chain: Vec<Value> = (0..1_000)
            .map(|n| if n == 0 { task("0", &[]) } else { task(&n.to_string(), &[&(n - 1).to_string()]) })
            .collect();
        let lines = drawn(&chain.iter().collect::<Vec<_>>());
        assert_eq!((lines.len(), lines.iter().map(|(begin, _)| begin.chars().count()).max()), (1_000, Some(2)));
    }
}
