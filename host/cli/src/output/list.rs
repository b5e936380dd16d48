//! Lists and single things that a server tells of: aligned for people, JSON or CSV for programs.

use analyte_core::visible::hides;
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde_json::Value;

use super::grid::{Column, lay_out};
use super::report::printable;
use super::stdout;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Aligned columns, for people: the usual one on a terminal.
    Table,
    /// The server's own JSON: the usual one elsewhere.
    Json,
    /// The columns of the table, RFC 4180.
    Csv,
}

/// How one thing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThingFormat {
    /// Words for people: the usual one on a terminal.
    Text,
    /// The server's own JSON: the usual one elsewhere.
    Json,
}

impl ListFormat {
    /// Writes a list to stdout: `items` as rows of cells, or `whole` as it is.
    pub(crate) fn show(asked: Option<Self>, whole: &Value, columns: &[Column], rows: Vec<Vec<String>>) -> Result<()> {
        match asked.unwrap_or(if stdout::to_person() { Self::Table } else { Self::Json }) {
            Self::Table if rows.is_empty() => stdout::text("(none)\n"),
            Self::Table => stdout::text(&lay_out(columns, rows)),
            Self::Json => json(whole),
            Self::Csv => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                writer.write_record(columns.iter().map(|column| &column.name)).context("CSV cannot be written")?;
                for row in &rows {
                    writer.write_record(row).context("CSV cannot be written")?;
                }
                stdout::bytes(&writer.into_inner().context("CSV cannot be written")?)
            }
        }
    }
}

impl ThingFormat {
    /// Writes one thing to stdout.
    pub(crate) fn show(asked: Option<Self>, whole: &Value, text: impl FnOnce() -> String) -> Result<()> {
        match asked.unwrap_or(if stdout::to_person() { Self::Text } else { Self::Json }) {
            Self::Text => stdout::text(&printable(&text())),
            Self::Json => json(whole),
        }
    }
}

/// JSON that people can read, too. On a terminal, what hides stands as JSON's own escape: the same value.
fn json(value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value).context("JSON cannot be written")?;
    stdout::text(&if stdout::to_person() { escaped(&text) } else { text })
}

fn escaped(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::with_capacity(json.len()), |mut shown, c| {
        if hides(c) {
            shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
        shown
    })
}

/// The text in this member; empty where there is none.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The items of this member.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Lines `name  value`, aligned; empty values are left out.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let known = || facts.iter().filter(|(_, value)| !value.is_empty());
    let width = known().map(|(name, _)| name.len()).max().unwrap_or(0);
    let indent = " ".repeat(width + 2);
    let mut text = String::new();
    for (name, value) in known() {
        let value = printable(value);
        let mut begin = format!("{name:width$}  ");
        for line in value.trim_end().lines() {
            text.extend([&begin, line, "\n"]);
            begin.clone_from(&indent);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_on_a_terminal_is_the_same_value_and_hides_nothing() {
        let value = serde_json::json!({"a\u{202e}": "b\u{9b}\u{e0041}\n"});
        let shown = escaped(&value.to_string());
        assert_eq!(shown, r#"{"a\u202e":"b\u009b\udb40\udc41\n"}"#);
        assert_eq!(serde_json::from_str::<Value>(&shown).ok(), Some(value));
    }
}
