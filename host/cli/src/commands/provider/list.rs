//! `analyte provider list`

use analyte_core::names::Organisation;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::Connection;
use crate::client::query::of_organisation;
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};

/// Lists the providers.
#[derive(Debug, Args)]
pub(crate) struct List {
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
        let list = self.connection.client()?.get("/v1/providers", &of_organisation(self.organisation.as_ref()))?;
        let columns = ["name", "version", "models", "state", "title"].map(|name| match name {
            "models" => Column::numbers(name),
            _ => Column::words(name),
        });
        let row = |provider: &Value| {
            let models = items(provider, "/models").count().to_string();
            let [name, version, state, title] =
                ["/name", "/version", "/state", "/title"].map(|pointer| text(provider, pointer));
            vec![name, version, models, state, title]
        };
        ListFormat::show(self.format, &list, &columns, items(&list, "/providers").map(row).collect())
    }
}
