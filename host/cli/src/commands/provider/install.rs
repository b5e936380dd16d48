//! `analyte provider install`

use std::path::{Path, PathBuf};

use analyte_core::names::{Organisation, ProviderName};
use anyhow::Result;
use clap::Args;
use serde_json::Value;
use ureq::SendBody;

use crate::client::query::of_organisation;
use crate::client::{Client, Connection, Method, address, json, upload};
use crate::output::list::{items, text};
use crate::output::progress::Progress;
use crate::output::stdout;

/// Installs a component as a provider, or replaces the one of this name.
///
/// The server compiles the component and asks it what it is before anything changes; jobs that run keep the old one.
#[derive(Debug, Args)]
pub(crate) struct Install {
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
}

impl Install {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let (provider, replaced) = install(&client, &self.name, &self.component, self.organisation.as_ref())?;
        let verb = if replaced { "replaced" } else { "installed" };
        let models = items(&provider, "/models").count();
        stdout::text(&format!("{verb} {}: {models} models, {}", self.name, text(&provider, "/digest")))
    }
}

/// Installs a component; says what the provider is now, and whether there was one before.
pub(crate) fn install(
    client: &Client,
    name: &ProviderName,
    component: &Path,
    organisation: Option<&Organisation>,
) -> Result<(Value, bool)> {
    let file = upload::open(component)?;
    let progress = Progress::begin(&format!("installing {name}"));
    let put = Method::Put("application/wasm", SendBody::from_owned_reader(file));
    let answer = client.call(put, &address::provider(name), &of_organisation(organisation), &[])?;
    progress.end();
    let replaced = answer.status() == 200;
    Ok((json(answer)?, replaced))
}
