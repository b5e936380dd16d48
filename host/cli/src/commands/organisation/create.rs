//! `analyte organisation create`

use analyte_core::names::Organisation;
use anyhow::Result;
use clap::Args;
use serde_json::json;
use ureq::SendBody;

use crate::client::{Connection, Method, address, json};
use crate::output::stdout;

/// Makes an organisation, or changes the one of this name to just what is given here.
///
/// Tokens for it are made with `analyte token create --organisation NAME`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it shall go by.
    name: Organisation,
    /// For people.
    #[arg(long, default_value = "")]
    description: String,
    /// Most jobs that it may have queued; else as the server is configured.
    #[arg(long, value_name = "N")]
    queued_jobs: Option<u64>,
    #[command(flatten)]
    connection: Connection,
}

impl Create {
    pub(crate) fn run(self) -> Result<()> {
        let Self { name, description, queued_jobs, connection } = self;
        let body = json!({ "description": description, "queued_jobs": queued_jobs }).to_string();
        let put = Method::Put("application/json", SendBody::from_owned_reader(std::io::Cursor::new(body)));
        let answer = connection.client()?.call(put, &address::organisation(&name), &[], &[])?;
        let verb = if answer.status() == 200 { "changed" } else { "created" };
        // Reads the answer to its end, so that a connection that broke off is an error.
        json(answer)?;
        stdout::text(&format!("{verb} {name}"))
    }
}
