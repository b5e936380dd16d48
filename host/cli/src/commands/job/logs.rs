//! `analyte job logs`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::address;
use crate::client::{Connection, Method, bytes};
use crate::output::list::{ThingFormat, text};
use crate::output::stdout;

/// Shows what a job's model logged.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The job.
    id: JobId,
    /// Words on a terminal, NDJSON elsewhere.
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Logs {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let lines = bytes(client.call(Method::Get, &format!("{}/logs", address::job(self.id)), &[], &[])?)?;
        match self.format.unwrap_or(if stdout::to_person() { ThingFormat::Text } else { ThingFormat::Json }) {
            ThingFormat::Json => stdout::bytes(&lines),
            ThingFormat::Text => {
                let lines = String::from_utf8_lossy(&lines);
                let words: String = lines.lines().map(|line| in_words(line) + "\n").collect();
                stdout::text(&crate::output::report::printable(&words))
            }
        }
    }
}

/// A line of NDJSON for people.
pub(crate) fn in_words(line: &str) -> String {
    match serde_json::from_str::<Value>(line) {
        Ok(line) => {
            let words = ["/time", "/level", "/message"].map(|pointer| text(&line, pointer));
            words.iter().filter(|word| !word.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        Err(_) => line.to_owned(),
    }
}
