//! `analyte schedule list`

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::show::when;
use crate::client::Connection;
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};
use crate::output::report;

/// Lists schedules, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Most schedules to list.
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
        let mut query = vec![("limit".to_owned(), self.limit.to_string())];
        query.extend(self.cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        let list = self.connection.client()?.get("/v1/schedules", &query)?;
        let columns = ["id", "name", "when", "active", "next", "last"].map(Column::words);
        let row = |schedule: &Value| {
            let [id, name, active, coming, before] = ["/id", "/name", "/active", "/next_fire_time", "/last_fire_time"]
                .map(|pointer| text(schedule, pointer));
            vec![id, name, when(schedule), active, coming, before]
        };
        ListFormat::show(self.format, &list, &columns, items(&list, "/schedules").map(row).collect())?;
        let next = text(&list, "/next_cursor");
        if !next.is_empty() {
            report::line(&format!("there are more: go on with --cursor {next}"));
        }
        Ok(())
    }
}
