//! `analyte inspect`: what a component is, by its outside and by its own word, without running a model.

use std::path::PathBuf;

use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::shape::{Rest, Shape};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::report::grouped;
use crate::sandbox::Sandbox;
use crate::show::list::{ThingFormat, facts};

/// Shows what a component is: its models and their shapes, what it imports and asks for, its digest.
///
/// The component is compiled and asked to describe itself, in the sandbox and under its limits; no model is run. It is
/// refused as the server would refuse it.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A component, for instance as `analyte build` made it.
    component: PathBuf,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
    /// Folder for compiled code; else `analyte` in the user's cache folder.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<()> {
        let sandbox = Sandbox::start(Limits::default(), self.cache_dir.as_deref())?;
        let (component, description, size) = sandbox.install(&self.component)?;
        let inspection = component.inspection();
        let info = &description.provider;
        let whole = json!({
            "digest": component.digest(),
            "size": size,
            "kind": inspection.kind.to_string(),
            "contract": inspection.contract,
            "title": info.title,
            "version": info.version,
            "description": info.description,
            "models": description.models,
            "capabilities": info.capabilities,
            "imports": inspection.imports,
            "exports": inspection.exports,
        });
        let asked = if self.json { ThingFormat::Json } else { ThingFormat::Text };
        ThingFormat::show(Some(asked), &whole, || {
            let capabilities = info.capabilities.iter().map(|one| format!("{}: {}", one.name, one.reason));
            let about = facts(&[
                ("kind", inspection.kind.to_string()),
                ("contract", inspection.contract.clone()),
                ("title", info.title.clone()),
                ("version", info.version.clone()),
                ("about", info.description.clone()),
                ("digest", component.digest().to_string()),
                ("size", format!("{} bytes", grouped(size))),
                ("asks for", or_nothing(&capabilities.collect::<Vec<_>>())),
                ("imports", or_nothing(&inspection.imports)),
                ("models", description.models.len().to_string()),
            ]);
            std::iter::once(about).chain(description.models.iter().map(of_model)).collect::<Vec<_>>().join("\n")
        })
    }
}

fn or_nothing(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

/// A model for people.
pub(crate) fn of_model(model: &ModelInfo) -> String {
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
        ("  takes", shape_in_words(&model.input)),
        ("  gives", shape_in_words(&model.output)),
        ("  parameters", parameters(schema.as_ref(), &model.column_parameters)),
        ("  examples", examples.collect::<Vec<_>>().join("\n")),
    ])
}

/// A shape for people: a line per field.
pub(crate) fn shape_in_words(shape: &Shape) -> String {
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
