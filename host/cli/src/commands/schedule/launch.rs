//! `analyte schedule launch`

use analyte_core::names::ScheduleId;
use anyhow::Result;
use clap::Args;
use ureq::SendBody;

use crate::client::{Connection, Method, address, json};
use crate::output::list::text;
use crate::output::stdout;

/// Submits a job of a schedule now, whether it is active or not; writes the job's id.
#[derive(Debug, Args)]
pub(crate) struct Launch {
    /// The schedule.
    id: ScheduleId,
    #[command(flatten)]
    connection: Connection,
}

impl Launch {
    pub(crate) fn run(self) -> Result<()> {
        let post = Method::Post("application/json", SendBody::from_owned_reader(std::io::empty()));
        let path = format!("{}/launch", address::schedule(self.id));
        let job = json(self.connection.client()?.call(post, &path, &[], &[])?)?;
        stdout::text(&text(&job, "/id"))
    }
}
