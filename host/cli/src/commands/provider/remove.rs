//! `analyte provider remove`

use analyte_core::names::{Organisation, ProviderName};
use anyhow::Result;
use clap::Args;

use crate::client::query::of_removal;
use crate::client::{Connection, Method, address};
use crate::output::stdout;

/// Removes a provider with its published models.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    name: ProviderName,
    /// Ends its unfinished jobs: queued ones fail, running ones are cancelled.
    #[arg(long)]
    force: bool,
    /// Whose, for administrators: that of this organisation instead of the one for all.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[command(flatten)]
    connection: Connection,
}

impl Remove {
    pub(crate) fn run(self) -> Result<()> {
        let query = of_removal(self.force, self.organisation.as_ref());
        self.connection.client()?.call(Method::Delete, &address::provider(&self.name), &query, &[])?;
        stdout::text(&format!("removed {}", self.name))
    }
}
