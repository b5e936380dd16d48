//! `analyte model list`

use analyte_core::names::{Organisation, ProviderName};
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::state::state;
use crate::client::query::of_organisation;
use crate::client::{Connection, address};
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};

/// Lists the models of a provider.
#[derive(Debug, Args)]
pub(crate) struct List {
    provider: ProviderName,
    /// As this organisation sees it, for administrators.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ListFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(crate) fn run(self) -> Result<()> {
        let path = format!("{}/models", address::provider(&self.provider));
        let list = self.connection.client()?.get(&path, &of_organisation(self.organisation.as_ref()))?;
        let columns = ["name", "kind", "rows", "state", "description"].map(Column::words);
        let row = |model: &Value| {
            let about = text(model, "/description").lines().next().unwrap_or_default().to_owned();
            vec![text(model, "/name"), text(model, "/kind"), text(model, "/cardinality"), state(model), about]
        };
        ListFormat::show(self.format, &list, &columns, items(&list, "/models").map(row).collect())
    }
}
