//! `analyte provider`: install, list, show, remove.

use std::path::PathBuf;

use analyte_core::names::ProviderName;
use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde_json::Value;
use ureq::SendBody;

use crate::client::{Client, Connection, Method, json};
use crate::progress::Progress;
use crate::show;
use crate::show::grid::Column;
use crate::show::list::{ListFormat, ThingFormat, facts, items, text};
use crate::told::{Told, grouped};

/// Installs, lists, shows and removes the providers of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Provider {
    /// Installs a component as a provider, or replaces the one of this name.
    ///
    /// The server compiles the component and asks it what it is before anything changes; jobs that run keep the old one.
    Install {
        /// The name it shall go by.
        name: ProviderName,
        /// The component.
        component: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists the providers.
    List {
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ListFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows one provider.
    Show {
        name: ProviderName,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ThingFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Removes a provider with its published models.
    Remove {
        name: ProviderName,
        /// Ends its unfinished jobs: queued ones fail, running ones are cancelled.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

impl Provider {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Install { name, component, connection } => {
                let client = connection.client()?;
                let (provider, replaced) = install(&client, &name, &component)?;
                let verb = if replaced { "replaced" } else { "installed" };
                let models = items(&provider, "/models").count();
                show::text(&format!("{verb} {name}: {models} models, {}", text(&provider, "/digest")))
            }
            Self::List { format, connection } => {
                let list = connection.client()?.get("/v1/providers", &[])?;
                let columns = ["name", "version", "models", "state", "title"].map(|name| match name {
                    "models" => Column::numbers(name),
                    _ => Column::words(name),
                });
                let row = |provider: &Value| {
                    let models = items(provider, "/models").count().to_string();
                    let [name, version, state, title] =
                        ["/name", "/version", "/state", "/title"].map(|pointer| text(provider, pointer));
                    vec![name, version, models, state, title]
                };
                ListFormat::show(format, &list, &columns, items(&list, "/providers").map(row).collect())
            }
            Self::Show { name, format, connection } => {
                let provider = connection.client()?.get(&address(&name), &[])?;
                ThingFormat::show(format, &provider, || in_words(&provider))
            }
            Self::Remove { name, force, connection } => {
                let query = if force { vec![("force".to_owned(), "true".to_owned())] } else { Vec::new() };
                connection.client()?.call(Method::Delete, &address(&name), &query, &[])?;
                show::text(&format!("removed {name}"))
            }
        }
    }
}

/// Installs a component; says what the provider is now, and whether there was one before.
pub(crate) fn install(client: &Client, name: &ProviderName, component: &std::path::Path) -> Result<(Value, bool)> {
    let file = open(component)?;
    let progress = Progress::begin(&format!("installing {name}"));
    let answer =
        client.call(Method::Put("application/wasm", SendBody::from_owned_reader(file)), &address(name), &[], &[])?;
    progress.end();
    let replaced = answer.status() == 200;
    Ok((json(answer)?, replaced))
}

/// A file to be sent.
pub(crate) fn open(path: &std::path::Path) -> Result<std::fs::File> {
    let file = std::fs::File::open(path).with_context(|| format!("the file {} cannot be read", path.display()))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file { Ok(file) } else { Err(Told::new(format!("{} is not a file", path.display())).into()) }
}

/// Where a provider is.
pub(crate) fn address(name: &ProviderName) -> String {
    format!("/v1/providers/{name}")
}

fn in_words(provider: &Value) -> String {
    let size = provider.get("size").and_then(Value::as_u64).map(|size| format!("{} bytes", grouped(size)));
    let capability = |one: &Value| format!("{}: {}", text(one, "/name"), text(one, "/reason"));
    let model = |one: &Value| match text(one, "/description").lines().next() {
        Some(about) => format!("{}: {about}", text(one, "/name")),
        None => text(one, "/name"),
    };
    facts(&[
        ("provider", text(provider, "/name")),
        ("state", text(provider, "/state")),
        ("reason", text(provider, "/state_reason")),
        ("title", text(provider, "/title")),
        ("version", text(provider, "/version")),
        ("about", text(provider, "/description")),
        ("digest", text(provider, "/digest")),
        ("size", size.unwrap_or_default()),
        ("asks for", items(provider, "/capabilities").map(capability).collect::<Vec<_>>().join("\n")),
        ("granted", items(provider, "/grants").filter_map(Value::as_str).collect::<Vec<_>>().join("\n")),
        ("installed", text(provider, "/created_at")),
        ("updated", text(provider, "/updated_at")),
        ("models", items(provider, "/models").map(model).collect::<Vec<_>>().join("\n")),
    ])
}
