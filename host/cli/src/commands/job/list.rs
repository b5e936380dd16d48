//! `analyte job list`

use analyte_core::names::{ModelName, ProviderName};
use analyte_core::timestamp::Timestamp;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::arguments::pairs::Pair;
use crate::client::Connection;
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};
use crate::output::report;

/// Lists jobs, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// In this state.
    #[arg(long, value_parser = ["queued", "running", "completed", "failed", "cancelled"])]
    status: Option<String>,
    /// Of this provider.
    #[arg(long)]
    provider: Option<ProviderName>,
    /// Of this model.
    #[arg(long)]
    model: Option<ModelName>,
    /// With this label.
    #[arg(long, value_name = "NAME=VALUE")]
    tag: Option<Pair>,
    /// Submitted at this time or later, for instance 2026-01-31T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    created_after: Option<Timestamp>,
    /// Submitted before this time.
    #[arg(long, value_name = "TIME")]
    created_before: Option<Timestamp>,
    /// Most jobs to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Where to go on: the cursor that an earlier list ended with.
    #[arg(long)]
    cursor: Option<String>,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ListFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(crate) fn run(self) -> Result<()> {
        let conditions = [
            ("status", self.status),
            ("provider", self.provider.map(|name| name.to_string())),
            ("model", self.model.map(|name| name.to_string())),
            ("tag", self.tag.map(|tag| format!("{}:{}", tag.name, tag.value))),
            ("created_after", self.created_after.map(|time| time.to_string())),
            ("created_before", self.created_before.map(|time| time.to_string())),
            ("limit", Some(self.limit.to_string())),
            ("cursor", self.cursor),
        ];
        let query: Vec<(String, String)> =
            conditions.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        show(self.format, &self.connection.client()?.get("/v1/jobs", &query)?)
    }
}

/// Writes a page of jobs, and how to go on.
pub(crate) fn show(format: Option<ListFormat>, list: &Value) -> Result<()> {
    let columns = ["id", "status", "provider", "model", "created", "finished", "error"].map(Column::words);
    let row = |job: &Value| {
        ["/id", "/status", "/provider", "/model", "/created_at", "/finished_at", "/error/code"]
            .map(|pointer| text(job, pointer))
            .to_vec()
    };
    ListFormat::show(format, list, &columns, items(list, "/jobs").map(row).collect())?;
    let next = text(list, "/next_cursor");
    if !next.is_empty() {
        report::line(&format!("there are more: go on with --cursor {next}"));
    }
    Ok(())
}
