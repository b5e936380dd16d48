//! `analyte token list`

use analyte_core::names::Organisation;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::in_words::{rights, state};
use crate::client::Connection;
use crate::client::query::of_organisation;
use crate::output::grid::Column;
use crate::output::list::{ListFormat, items, text};

/// Lists the tokens of all organisations, or of one. Those that are over stay in the list.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this organisation.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ListFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(crate) fn run(self) -> Result<()> {
        let list = self.connection.client()?.get("/v1/tokens", &of_organisation(self.organisation.as_ref()))?;
        let columns = ["id", "label", "organisation", "rights", "state", "last used"].map(Column::words);
        ListFormat::show(self.format, &list, &columns, items(&list, "/tokens").map(row).collect())
    }
}

fn row(token: &Value) -> Vec<String> {
    vec![
        text(token, "/id"),
        text(token, "/label"),
        text(token, "/organisation"),
        rights(token),
        state(token),
        text(token, "/last_used_at"),
    ]
}
