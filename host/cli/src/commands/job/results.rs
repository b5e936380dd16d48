//! `analyte job results`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;

use crate::client::address;
use crate::client::{Client, Connection, Method, bytes, show_warnings};
use crate::output::stdout;
use crate::output::table::TableFormat;

/// Writes the result of a job.
#[derive(Debug, Args)]
pub(crate) struct Results {
    /// The job.
    id: JobId,
    /// How it is written; else aligned on a terminal and JSON elsewhere.
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<TableFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Results {
    pub(crate) fn run(self) -> Result<()> {
        show(&self.connection.client()?, self.id, TableFormat::or_usual(self.format))
    }
}

/// Writes the result of a job to stdout.
pub(crate) fn show(client: &Client, id: JobId, format: TableFormat) -> Result<()> {
    let accept = [("accept", format.carrier().media_type())];
    let answer = client.call(Method::Get, &format!("{}/results", address::job(id)), &[], &accept)?;
    show_warnings(&answer);
    match format {
        TableFormat::Table => format.show(&bytes(answer)?),
        // Need not fit into memory.
        _ => stdout::stream(answer.into_body().into_reader()),
    }
}
