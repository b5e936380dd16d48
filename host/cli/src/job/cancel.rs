//! `analyte job cancel`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;
use ureq::SendBody;

use super::address;
use crate::client::{Connection, Method, json};
use crate::show;
use crate::show::list::text;

/// Cancels a job: a queued one does not start, a running one is stopped. Twice is harmless.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The job.
    id: JobId,
    #[command(flatten)]
    connection: Connection,
}

impl Cancel {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let post = Method::Post("application/json", SendBody::none());
        let job = json(client.call(post, &format!("{}/cancel", address(self.id)), &[], &[])?)?;
        show::text(&format!("{} {}", text(&job, "/id"), text(&job, "/status")))
    }
}
