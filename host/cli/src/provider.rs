//! `analyte provider`: install, list, show, remove.

use std::path::PathBuf;

use analyte_core::names::{Organisation, ProviderName};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde_json::Value;
use ureq::SendBody;

use crate::client::{Client, Connection, Method, json};
use crate::progress::Progress;
use crate::report::{Report, grouped};
use crate::show;
use crate::show::grid::Column;
use crate::show::list::{ListFormat, ThingFormat, facts, items, text};

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
        /// Whose it shall be, for administrators: this organisation's only, instead of everybody's. Other tokens install for
        /// their own organisation.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists the providers.
    List {
        /// As this organisation sees it, for administrators.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ListFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows one provider.
    Show {
        name: ProviderName,
        /// As this organisation sees it, for administrators.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
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
        /// Whose, for administrators: that of this organisation instead of the one for all.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[command(flatten)]
        connection: Connection,
    },
}

impl Provider {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Install { name, component, organisation, connection } => {
                let client = connection.client()?;
                let (provider, replaced) = install(&client, &name, &component, organisation.as_ref())?;
                let verb = if replaced { "replaced" } else { "installed" };
                let models = items(&provider, "/models").count();
                show::text(&format!("{verb} {name}: {models} models, {}", text(&provider, "/digest")))
            }
            Self::List { organisation, format, connection } => {
                let list = connection.client()?.get("/v1/providers", &of(organisation.as_ref()))?;
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
            Self::Show { name, organisation, format, connection } => {
                let provider = connection.client()?.get(&address(&name), &of(organisation.as_ref()))?;
                ThingFormat::show(format, &provider, || in_words(&provider))
            }
            Self::Remove { name, force, organisation, connection } => {
                let query = removal(force, organisation.as_ref());
                connection.client()?.call(Method::Delete, &address(&name), &query, &[])?;
                show::text(&format!("removed {name}"))
            }
        }
    }
}

/// Installs a component; says what the provider is now, and whether there was one before.
pub(crate) fn install(
    client: &Client,
    name: &ProviderName,
    component: &std::path::Path,
    organisation: Option<&Organisation>,
) -> Result<(Value, bool)> {
    let file = open(component)?;
    let progress = Progress::begin(&format!("installing {name}"));
    let put = Method::Put("application/wasm", SendBody::from_owned_reader(file));
    let answer = client.call(put, &address(name), &of(organisation), &[])?;
    progress.end();
    let replaced = answer.status() == 200;
    Ok((json(answer)?, replaced))
}

/// The query of a call that is about one organisation, if one is named.
pub(crate) fn of(organisation: Option<&Organisation>) -> Vec<(String, String)> {
    organisation.map(|name| ("organisation".to_owned(), name.to_string())).into_iter().collect()
}

/// The query of a removal.
pub(crate) fn removal(force: bool, organisation: Option<&Organisation>) -> Vec<(String, String)> {
    let mut query = of(organisation);
    if force {
        query.push(("force".to_owned(), "true".to_owned()));
    }
    query
}

/// A file to be sent.
pub(crate) fn open(path: &std::path::Path) -> Result<std::fs::File> {
    let file = std::fs::File::open(path).with_context(|| format!("the file {} cannot be read", path.display()))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file { Ok(file) } else { Err(Report::new(format!("{} is not a file", path.display())).into()) }
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
        ("organisation", text(provider, "/organisation")),
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
