//! `analyte organisation list`

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::Connection;
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};

/// Lists the organisations; `default` is always there.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ListFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(crate) fn run(self) -> Result<()> {
        let list = self.connection.client()?.get("/v1/organisations", &[])?;
        let columns = ["name", "queued jobs", "created", "description"].map(|name| match name {
            "queued jobs" => Column::numbers(name),
            _ => Column::words(name),
        });
        let row = |one: &Value| {
            ["/name", "/queued_jobs", "/created_at", "/description"].map(|member| text(one, member)).to_vec()
        };
        ListFormat::show(self.format, &list, &columns, items(&list, "/organisations").map(row).collect())
    }
}
