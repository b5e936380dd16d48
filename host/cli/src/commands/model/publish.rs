//! `analyte model publish`

use std::path::PathBuf;

use analyte_core::names::{ModelName, Organisation, ProviderName};
use anyhow::Result;
use clap::Args;
use ureq::SendBody;

use crate::client::query::of_organisation;
use crate::client::{Connection, Method, address, json, upload};
use crate::output::list::text;
use crate::output::progress::Progress;
use crate::output::stdout;

/// Publishes a model, or replaces the published one of this name.
///
/// A component (`application/wasm`) is a model of its own, and an empty provider is made for it if there is none. Any
/// other file is a model file: its provider looks at it before anything changes, and runs it. Jobs that were submitted
/// keep the version that they were submitted for.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// Under which provider.
    provider: ProviderName,
    /// The name it shall go by.
    model: ModelName,
    /// The component or model file.
    file: PathBuf,
    /// What the file is; else `application/wasm` for what ends in .wasm, and `application/octet-stream` for the rest.
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// Whose the provider is, for administrators: that of this organisation instead of the one for all.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    #[command(flatten)]
    connection: Connection,
}

impl Publish {
    pub(crate) fn run(self) -> Result<()> {
        let Self { provider, model, file, media_type, organisation, connection } = self;
        let client = connection.client()?;
        let wasm = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("wasm"));
        let usual = if wasm { "application/wasm" } else { "application/octet-stream" };
        let body = SendBody::from_owned_reader(upload::open(&file)?);
        let put = Method::Put(media_type.as_deref().unwrap_or(usual), body);
        let progress = Progress::begin(&format!("publishing {model}"));
        let query = of_organisation(organisation.as_ref());
        let answer = client.call(put, &address::model(&provider, &model), &query, &[])?;
        progress.end();
        let verb = if answer.status() == 200 { "replaced" } else { "published" };
        let published = json(answer)?;
        let digest = ["/file/digest", "/digest"].map(|pointer| text(&published, pointer));
        let digest = digest.iter().find(|digest| !digest.is_empty()).cloned().unwrap_or_default();
        stdout::text(&format!("{verb} {model} of {provider}: {digest}"))
    }
}
