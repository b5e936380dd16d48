//! `analyte job purge`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;

use super::{address, each};
use crate::client::{Connection, Method};
use crate::show;

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
            client.call(Method::Delete, &address(id), &[], &[])?;
            show::text(&format!("{id} removed"))
        })
    }
}
