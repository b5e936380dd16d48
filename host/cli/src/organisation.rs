//! `analyte organisation`: create, list, show.

use analyte_core::names::Organisation as Name;
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use ureq::SendBody;

use crate::client::{Connection, Method, json};
use crate::show;
use crate::show::grid::Column;
use crate::show::list::{ListFormat, ThingFormat, facts, items, text};

/// Makes, lists and shows the organisations of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Organisation {
    /// Makes an organisation, or changes the one of this name to just what is given here.
    ///
    /// Tokens for it are made with `analyte token create --organisation NAME`.
    Create {
        /// What it shall go by.
        name: Name,
        /// For people.
        #[arg(long, default_value = "")]
        description: String,
        /// Most jobs that it may have queued; else as the server is configured.
        #[arg(long, value_name = "N")]
        queued_jobs: Option<u64>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists the organisations; `default` is always there.
    List {
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ListFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows one organisation.
    Show {
        name: Name,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ThingFormat>,
        #[command(flatten)]
        connection: Connection,
    },
}

impl Organisation {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Create { name, description, queued_jobs, connection } => {
                let body = json!({ "description": description, "queued_jobs": queued_jobs }).to_string();
                let put = Method::Put("application/json", SendBody::from_owned_reader(std::io::Cursor::new(body)));
                let answer = connection.client()?.call(put, &address(&name), &[], &[])?;
                let verb = if answer.status() == 200 { "changed" } else { "created" };
                // Reads the answer to its end, so that a connection that broke off is an error.
                json(answer)?;
                show::text(&format!("{verb} {name}"))
            }
            Self::List { format, connection } => {
                let list = connection.client()?.get("/v1/organisations", &[])?;
                let columns = ["name", "queued jobs", "created", "description"].map(|name| match name {
                    "queued jobs" => Column::numbers(name),
                    _ => Column::words(name),
                });
                let row = |one: &Value| {
                    ["/name", "/queued_jobs", "/created_at", "/description"].map(|member| text(one, member)).to_vec()
                };
                ListFormat::show(format, &list, &columns, items(&list, "/organisations").map(row).collect())
            }
            Self::Show { name, format, connection } => {
                let found = connection.client()?.get(&address(&name), &[])?;
                ThingFormat::show(format, &found, || in_words(&found))
            }
        }
    }
}

fn address(name: &Name) -> String {
    format!("/v1/organisations/{name}")
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
