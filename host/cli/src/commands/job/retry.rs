//! `analyte job retry`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;
use ureq::SendBody;

use crate::client::address;
use crate::client::{Connection, Method, json};
use crate::output::list::text;
use crate::output::stdout;

/// Runs a job again: a failed, cancelled or running one itself, or any but a completed one as a copy.
#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// The job.
    id: JobId,
    /// As a new job with the same input; the old one stays as it is.
    #[arg(long)]
    copy: bool,
    /// Makes a repetition harmless: the same key answers the same copy.
    #[arg(long, value_name = "KEY", requires = "copy")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Retry {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let body = if self.copy { r#"{"as":"copy"}"# } else { r#"{"as":"same"}"# };
        let key: Vec<(&str, &str)> = self.idempotency_key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
        let post = Method::Post("application/json", SendBody::from_owned_reader(body.as_bytes()));
        let job = json(client.call(post, &format!("{}/retry", address::job(self.id)), &[], &key)?)?;
        stdout::text(&format!("{} {}", text(&job, "/id"), text(&job, "/status")))
    }
}
