//! Models, their shapes and their parameters in words for people.

use analyte_core::model::ModelInfo;
use analyte_core::shape::{Rest, Shape};
use serde_json::Value;

use super::list::facts;

/// A model for people.
pub(crate) fn model(model: &ModelInfo) -> String {
    let examples = model.examples.iter().map(|example| match example.description.as_str() {
        "" => example.name.clone(),
        about => format!("{}: {about}", example.name),
    });
    let schema = model.parameters_schema.as_ref().and_then(|schema| schema.value().ok());
    let independent = if model.independent_rows { ", rows are independent" } else { "" };
    facts(&[
        ("model", model.name.to_string()),
        ("  version", model.version.clone()),
        ("  about", model.description.clone()),
        ("  rows", format!("{} (in x out){independent}", model.cardinality)),
        ("  takes", shape(&model.input)),
        ("  gives", shape(&model.output)),
        ("  parameters", parameters(schema.as_ref(), &model.column_parameters)),
        ("  examples", examples.collect::<Vec<_>>().join("\n")),
    ])
}

/// A shape for people: a line per field.
pub(crate) fn shape(shape: &Shape) -> String {
    let mut lines: Vec<String> = shape
        .fields
        .iter()
        .map(|field| {
            let needed = if field.nullable { "" } else { ", never missing" };
            let about = if field.description.is_empty() { String::new() } else { format!(": {}", field.description) };
            format!("{} {}{needed}{about}", field.name, field.base_type)
        })
        .collect();
    match shape.rest {
        Rest::None => {}
        Rest::Numeric => lines.push("any further numeric columns".to_owned()),
        Rest::Any => lines.push("any further columns".to_owned()),
    }
    if lines.is_empty() { "no columns".to_owned() } else { lines.join("\n") }
}

/// The parameters of a schema for people: a line per property.
pub(crate) fn parameters(schema: Option<&Value>, columns: &[String]) -> String {
    let Some(properties) = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object) else {
        return "none".to_owned();
    };
    let required = |name: &str| {
        let list = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(name)))
    };
    let line = |(name, property): (&String, &Value)| {
        let kind = match property.get("type") {
            Some(Value::String(word)) => format!(" {word}"),
            Some(Value::Array(words)) => {
                format!(" {}", words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "))
            }
            _ => String::new(),
        };
        let naming = if columns.contains(name) { ", names columns" } else { "" };
        let need = match property.get("default") {
            Some(default) => format!(", default {default}"),
            None if required(name) => ", required".to_owned(),
            None => String::new(),
        };
        let about = property.get("description").and_then(Value::as_str);
        let about = about.map_or_else(String::new, |about| format!(": {}", about.replace('\n', " ")));
        format!("{name}{kind}{naming}{need}{about}")
    };
    let lines: Vec<String> = properties.iter().map(line).collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
}
