//! `analyte job errors`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;

use crate::client::address;
use crate::client::{Connection, problem_of_job};
use crate::output::list::{ThingFormat, items, text};

/// Shows why a job failed or was cancelled, with all that is known of it.
#[derive(Debug, Args)]
pub(crate) struct Errors {
    /// The job.
    id: JobId,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Errors {
    pub(crate) fn run(self) -> Result<()> {
        let errors = self.connection.client()?.get(&format!("{}/errors", address::job(self.id)), &[])?;
        ThingFormat::show(self.format, &errors, || {
            let reports: Vec<String> = items(&errors, "/errors")
                .map(|error| {
                    let report = problem_of_job(error).text();
                    format!("task {}, attempt {}\n{report}", text(error, "/task"), text(error, "/attempt"))
                })
                .collect();
            if reports.is_empty() { "(none)\n".to_owned() } else { reports.join("\n") }
        })
    }
}
