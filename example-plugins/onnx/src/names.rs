//! Which field is called what.
//!
//! A tensor of one column is called as in the graph, one of several columns `NAME_0`, `NAME_1`, … . The file's metadata
//! can say better: `feature_names` and `output_names`, each a JSON array with a name for every column in order, and
//! `class_labels`, a JSON array of texts or numbers: an output with as many columns is then called `NAME_LABEL` for each.

use std::collections::BTreeSet;

use analyte_sdk::{Error, Result, serde_json};
use tract_onnx::pb::ModelProto;

use crate::refuse::one_line;

/// Most columns that a model may take, and most that it may give.
pub const MOST_FIELDS: usize = 10_000;
/// Longest name of a field in bytes, as the contract has it.
const LONGEST_NAME: usize = 256;

/// A tensor that becomes columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name in the graph.
    pub name: String,
    /// How many columns it has.
    pub width: usize,
}

/// Names of all columns of the input tensors, in order.
pub fn of_inputs(proto: &ModelProto, tensors: &[Tensor]) -> Result<Vec<String>> {
    chosen(proto, "feature_names", tensors, None)
}

/// Names of all columns of the output tensors, in order.
pub fn of_outputs(proto: &ModelProto, tensors: &[Tensor]) -> Result<Vec<String>> {
    let labels = list(proto, "class_labels")?;
    chosen(proto, "output_names", tensors, labels.as_deref())
}

fn chosen(proto: &ModelProto, key: &str, tensors: &[Tensor], labels: Option<&[String]>) -> Result<Vec<String>> {
    let count = tensors.iter().fold(0_usize, |sum, tensor| sum.saturating_add(tensor.width));
    if count > MOST_FIELDS {
        let message = format!("The model has {count} columns on one side, and at most {MOST_FIELDS} are taken.");
        return Err(Error::new("too-many-fields", message).detail("fields", count).detail("limit", MOST_FIELDS));
    }
    let names = match list(proto, key)? {
        Some(names) if names.len() == count => names,
        Some(names) => {
            let message = format!(
                "The metadata `{key}` has {} names for {count} columns; write one for each, in the order of the columns.",
                names.len()
            );
            return Err(Error::new("bad-metadata", message).detail("key", key));
        }
        None => tensors.iter().flat_map(|tensor| numbered(tensor, labels)).collect(),
    };
    check(&names, key)?;
    Ok(names)
}

fn numbered(tensor: &Tensor, labels: Option<&[String]>) -> Vec<String> {
    let name = &tensor.name;
    match labels {
        _ if tensor.width == 1 => vec![name.clone()],
        Some(labels) if labels.len() == tensor.width => labels.iter().map(|label| format!("{name}_{label}")).collect(),
        _ => (0..tensor.width).map(|place| format!("{name}_{place}")).collect(),
    }
}

/// A JSON array of texts and numbers in the file's metadata.
fn list(proto: &ModelProto, key: &str) -> Result<Option<Vec<String>>> {
    let Some(entry) = proto.metadata_props.iter().find(|entry| entry.key == key) else { return Ok(None) };
    let wrong = || {
        let message = format!("The metadata `{key}` is not a JSON array of texts, such as [\"a\", \"b\"].");
        Error::new("bad-metadata", message).detail("key", key)
    };
    let values: Vec<serde_json::Value> = serde_json::from_str(&entry.value).map_err(|_| wrong())?;
    let text = |value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    values.into_iter().map(text).collect::<Option<_>>().map(Some).ok_or_else(wrong)
}

fn check(names: &[String], key: &str) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        let wrong = if name.is_empty() {
            "is empty"
        } else if name.len() > LONGEST_NAME {
            "is longer than 256 bytes"
        } else if name.chars().any(char::is_control) {
            "has control characters"
        } else if !seen.insert(name) {
            "is there twice"
        } else {
            continue;
        };
        let name = one_line(name);
        let message = format!("The column name `{name}` {wrong}; name all columns by the metadata `{key}`.");
        return Err(Error::new("bad-name", message).detail("name", name));
    }
    Ok(())
}
