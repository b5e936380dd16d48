//! `analyte model show`

use analyte_core::names::{ModelName, Organisation, ProviderName};
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::state::state;
use crate::client::interface::shape;
use crate::client::query::of_organisation;
use crate::client::{Connection, address};
use crate::output::in_words;
use crate::output::list::{ThingFormat, facts, items, text};
use crate::output::report::grouped;

/// Shows one model: its shapes, parameters and examples.
#[derive(Debug, Args)]
pub(crate) struct Show {
    provider: ProviderName,
    model: ModelName,
    /// As this organisation sees it, for administrators.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    pub(crate) fn run(self) -> Result<()> {
        let query = of_organisation(self.organisation.as_ref());
        let found = self.connection.client()?.get(&address::model(&self.provider, &self.model), &query)?;
        ThingFormat::show(self.format, &found, || model_in_words(&found))
    }
}

fn file_in_words(model: &Value) -> String {
    let size = model.pointer("/file/size").and_then(Value::as_u64);
    let [digest, kind, source] = ["/file/digest", "/file/media_type", "/file/source"].map(|place| text(model, place));
    let size = size.map(|size| format!("{} bytes", grouped(size))).unwrap_or_default();
    [digest, kind, size, source].into_iter().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join("\n")
}

fn model_in_words(model: &Value) -> String {
    let shape = |member| shape(model, member).map_or_else(|_| String::new(), |shape| in_words::shape(&shape));
    let columns: Vec<String> =
        items(model, "/column_parameters").filter_map(Value::as_str).map(str::to_owned).collect();
    let example = |one: &Value| match text(one, "/description") {
        about if about.is_empty() => text(one, "/name"),
        about => format!("{}: {about}", text(one, "/name")),
    };
    let independent =
        if model.get("independent_rows") == Some(&Value::Bool(true)) { ", rows are independent" } else { "" };
    facts(&[
        ("model", text(model, "/name")),
        ("provider", text(model, "/provider")),
        ("kind", text(model, "/kind")),
        ("takes jobs", if state(model) == "on" { "yes" } else { "no, it is switched off" }.to_owned()),
        ("version", text(model, "/version")),
        ("about", text(model, "/description")),
        ("rows", format!("{} (in x out){independent}", text(model, "/cardinality"))),
        ("takes", shape("input")),
        ("gives", shape("output")),
        ("parameters", in_words::parameters(model.get("parameters_schema"), &columns)),
        ("examples", items(model, "/examples").map(example).collect::<Vec<_>>().join("\n")),
        ("digest", text(model, "/digest")),
        ("file", file_in_words(model)),
        ("published", text(model, "/created_at")),
        ("updated", text(model, "/updated_at")),
    ])
}
