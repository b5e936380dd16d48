//! `analyte organisation show`

use analyte_core::names::Organisation;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::{Connection, address};
use crate::output::list::{ThingFormat, facts, text};

/// Shows one organisation.
#[derive(Debug, Args)]
pub(crate) struct Show {
    name: Organisation,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    pub(crate) fn run(self) -> Result<()> {
        let found = self.connection.client()?.get(&address::organisation(&self.name), &[])?;
        ThingFormat::show(self.format, &found, || in_words(&found))
    }
}

fn in_words(organisation: &Value) -> String {
    let queued = match text(organisation, "/queued_jobs") {
        usual if usual.is_empty() => "as configured (queued_jobs)".to_owned(),
        own => own,
    };
    facts(&[
        ("organisation", text(organisation, "/name")),
        ("about", text(organisation, "/description")),
        ("queued jobs", queued),
        ("created", text(organisation, "/created_at")),
    ])
}
