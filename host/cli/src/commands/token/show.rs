//! `analyte token show`

use anyhow::Result;
use clap::Args;

use super::in_words::in_words;
use crate::client::{Connection, address};
use crate::output::list::ThingFormat;

/// Shows one token; without ID the one that this command itself calls with, whatever that allows.
#[derive(Debug, Args)]
pub(crate) struct Show {
    id: Option<String>,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    pub(crate) fn run(self) -> Result<()> {
        let path = self.id.map_or_else(|| "/v1/token".to_owned(), |id| address::token(&id));
        let token = self.connection.client()?.get(&path, &[])?;
        ThingFormat::show(self.format, &token, || in_words(&token))
    }
}
