//! `analyte job watch`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;

use crate::client::Connection;
use crate::client::follow::{self, Follow};
use crate::output::stdout;

/// Watches a job to its end: progress on a bar, log lines above it.
///
/// Shows what has happened so far, then what happens. Ends with the job: successfully if it completed, else with its
/// error. Takes the stream up again after a broken connection or a restart of the server. Ctrl-C stops the watching only.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The job.
    id: JobId,
    #[command(flatten)]
    connection: Connection,
}

impl Watch {
    pub(crate) fn run(self) -> Result<()> {
        follow::to_end(&self.connection.client()?, self.id, Follow::Log)?;
        stdout::text(&format!("{} completed", self.id))
    }
}
