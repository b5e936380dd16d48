//! `analyte model enable`

use analyte_core::names::{ModelName, Organisation, ProviderName};
use anyhow::Result;
use clap::Args;

use super::switch::switch;
use crate::client::Connection;

/// Lets a model take jobs again.
#[derive(Debug, Args)]
pub(crate) struct Enable {
    provider: ProviderName,
    model: ModelName,
    /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[command(flatten)]
    connection: Connection,
}

impl Enable {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        switch(&client, &self.provider, &self.model, self.organisation.as_ref(), "enable")
    }
}
