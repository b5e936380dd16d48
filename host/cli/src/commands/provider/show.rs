//! `analyte provider show`

use analyte_core::names::{Organisation, ProviderName};
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::query::of_organisation;
use crate::client::{Connection, address};
use crate::output::list::{ThingFormat, facts, items, text};
use crate::output::report::grouped;

/// Shows one provider.
#[derive(Debug, Args)]
pub(crate) struct Show {
    name: ProviderName,
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
        let provider = self.connection.client()?.get(&address::provider(&self.name), &query)?;
        ThingFormat::show(self.format, &provider, || in_words(&provider))
    }
}

fn in_words(provider: &Value) -> String {
    let size = provider.get("size").and_then(Value::as_u64).map(|size| format!("{} bytes", grouped(size)));
    let capability = |one: &Value| format!("{}: {}", text(one, "/name"), text(one, "/reason"));
    let model = |one: &Value| match text(one, "/description").lines().next() {
        Some(about) => format!("{}: {about}", text(one, "/name")),
        None => text(one, "/name"),
    };
    facts(&[
        ("provider", text(provider, "/name")),
        ("organisation", text(provider, "/organisation")),
        ("state", text(provider, "/state")),
        ("reason", text(provider, "/state_reason")),
        ("title", text(provider, "/title")),
        ("version", text(provider, "/version")),
        ("about", text(provider, "/description")),
        ("digest", text(provider, "/digest")),
        ("size", size.unwrap_or_default()),
        ("asks for", items(provider, "/capabilities").map(capability).collect::<Vec<_>>().join("\n")),
        ("granted", items(provider, "/grants").filter_map(Value::as_str).collect::<Vec<_>>().join("\n")),
        ("installed", text(provider, "/created_at")),
        ("updated", text(provider, "/updated_at")),
        ("models", items(provider, "/models").map(model).collect::<Vec<_>>().join("\n")),
    ])
}
