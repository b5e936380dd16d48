//! `analyte job purge`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;

use super::each::each;
use crate::client::address;
use crate::client::{Connection, Method};
use crate::output::stdout;

/// Removes ended jobs with their inputs, results, files and logs.
#[derive(Debug, Args)]
pub(crate) struct Purge {
    /// The jobs.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<JobId>,
    #[command(flatten)]
    connection: Connection,
}

impl Purge {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        each(&self.ids, "removed", |id| {
            client.call(Method::Delete, &address::job(id), &[], &[])?;
            stdout::text(&format!("{id} removed"))
        })
    }
}
