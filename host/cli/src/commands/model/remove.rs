//! `analyte model remove`

use analyte_core::names::{ModelName, Organisation, ProviderName};
use anyhow::Result;
use clap::Args;

use crate::client::query::of_removal;
use crate::client::{Connection, Method, address};
use crate::output::stdout;

/// Removes a published model; a built-in one cannot be removed on its own.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    provider: ProviderName,
    model: ModelName,
    /// Ends its unfinished jobs: queued ones fail, running ones are cancelled.
    #[arg(long)]
    force: bool,
    /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[command(flatten)]
    connection: Connection,
}

impl Remove {
    pub(crate) fn run(self) -> Result<()> {
        let Self { provider, model, force, organisation, connection } = self;
        let query = of_removal(force, organisation.as_ref());
        connection.client()?.call(Method::Delete, &address::model(&provider, &model), &query, &[])?;
        stdout::text(&format!("removed {model} of {provider}"))
    }
}
