//! `analyte job cancel`

use analyte_core::names::JobId;
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::value::RawValue;
use ureq::SendBody;

use super::each::each;
use crate::client::address;
use crate::client::{Client, Connection, Method, json, show_warnings};
use crate::output::list::text;
use crate::output::stdout;

/// Cancels jobs: a queued one does not start, a running one is stopped. Twice is harmless.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The jobs.
    #[arg(value_name = "ID", required_unless_present = "filter", conflicts_with = "filter")]
    ids: Vec<JobId>,
    /// All unfinished jobs that this query selects; `{}` selects all. Writes how many they were.
    #[arg(long, value_name = "JSON")]
    filter: Option<String>,
    /// Only counts them.
    #[arg(long, requires = "filter")]
    dry_run: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What is to be cancelled, as the server takes it.
#[derive(serde::Serialize)]
struct Body<'a> {
    filter: &'a RawValue,
    dry_run: bool,
}

impl Cancel {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        match &self.filter {
            Some(filter) => matching(&client, filter, self.dry_run),
            None => each(&self.ids, "cancelled", |id| one(&client, id)),
        }
    }
}

fn one(client: &Client, id: JobId) -> Result<()> {
    let post = Method::Post("application/json", SendBody::none());
    let answer = client.call(post, &format!("{}/cancel", address::job(id)), &[], &[])?;
    show_warnings(&answer);
    let job = json(answer)?;
    stdout::text(&format!("{} {}", text(&job, "/id"), text(&job, "/status")))
}

fn matching(client: &Client, filter: &str, dry_run: bool) -> Result<()> {
    let filter: &RawValue = serde_json::from_str(filter).context("--filter cannot be read as JSON")?;
    let body = serde_json::to_vec(&Body { filter, dry_run }).context("the call cannot be written")?;
    let post = Method::Post("application/json", SendBody::from_owned_reader(std::io::Cursor::new(body)));
    let answer = client.call(post, "/v1/jobs/cancel", &[], &[])?;
    show_warnings(&answer);
    stdout::text(&text(&json(answer)?, "/count"))
}
