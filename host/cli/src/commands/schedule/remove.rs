//! `analyte schedule remove`

use analyte_core::names::ScheduleId;
use anyhow::Result;
use clap::Args;

use crate::client::{Connection, Method, address};
use crate::output::stdout;

/// Removes a schedule with its history; its jobs stay.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The schedule.
    id: ScheduleId,
    #[command(flatten)]
    connection: Connection,
}

impl Remove {
    pub(crate) fn run(self) -> Result<()> {
        self.connection.client()?.call(Method::Delete, &address::schedule(self.id), &[], &[])?;
        stdout::text(&format!("removed {}", self.id))
    }
}
