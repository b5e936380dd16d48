//! `analyte token revoke`

use anyhow::Result;
use clap::Args;

use crate::client::{Connection, Method, address, json};
use crate::output::list::text;
use crate::output::stdout;

/// Revokes a token: from this moment on it is refused, and the sessions opened with it end.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its id, as `list` shows it.
    id: String,
    #[command(flatten)]
    connection: Connection,
}

impl Revoke {
    pub(crate) fn run(self) -> Result<()> {
        let Self { id, connection } = self;
        let token = json(connection.client()?.call(Method::Delete, &address::token(&id), &[], &[])?)?;
        stdout::text(&format!("revoked {id}: {}", text(&token, "/label")))
    }
}
