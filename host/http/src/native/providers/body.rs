//! A provider as clients see it.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::model::Capability;
use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_jobs::{Manager, Provider, ProviderState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::native::json::Time;
use crate::native::listing::Part;

/// An installed provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub(crate) struct ProviderBody<'a> {
    /// What it goes by.
    #[schema(value_type = String, example = "statistics")]
    name: &'a ProviderName,
    /// Whose it is; `null`: all organisations may use it.
    #[schema(value_type = Option<String>)]
    organisation: Option<&'a Organisation>,
    /// A short title.
    title: &'a str,
    /// The author's own version.
    version: &'a str,
    /// For people.
    description: &'a str,
    /// Of its component; `null` where it consists of published model components only.
    #[schema(value_type = Option<String>, example = "sha256:…")]
    digest: Option<Digest>,
    /// Length of the component in bytes.
    size: u64,
    /// Its models, by name.
    models: Vec<ModelLine<'a>>,
    /// What it asks for.
    capabilities: Vec<CapabilityBody<'a>>,
    /// Names of what the operator grants it.
    grants: Vec<String>,
    /// `ready`, `loading` (jobs wait) or `unavailable` (jobs fail).
    state: &'static str,
    /// Why it is unavailable.
    state_reason: Option<&'a str>,
    /// First installation under this name.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Installation of this component.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// Where to go on.
    links: ProviderLinks,
}

/// A model in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelLine)]
struct ModelLine<'a> {
    /// What it goes by.
    #[schema(value_type = String)]
    name: &'a ModelName,
    /// For people.
    description: &'a str,
    /// Its address.
    href: String,
}

/// Something outside its sandbox that a component asks for.
#[derive(Serialize, ToSchema)]
#[schema(as = Capability)]
pub(crate) struct CapabilityBody<'a> {
    /// What is asked for.
    #[schema(example = "settings:region")]
    name: &'a str,
    /// What for.
    reason: &'a str,
}

impl<'a> CapabilityBody<'a> {
    pub(crate) fn of_all(capabilities: &'a [Capability]) -> Vec<Self> {
        capabilities.iter().map(|Capability { name, reason }| Self { name, reason }).collect()
    }
}

/// Addresses around a provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderLinks {
    #[serde(rename = "self")]
    this: String,
    models: String,
}

/// All providers.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Providers)]
pub(crate) struct ProvidersBody<'a> {
    /// By name.
    providers: Vec<ProviderBody<'a>>,
}

/// A provider and what can be said of it at one moment.
pub(crate) struct Shown {
    provider: Arc<Provider>,
    state: ProviderState,
}

impl Shown {
    pub(crate) fn of(manager: &Manager, provider: Arc<Provider>) -> Self {
        Self { state: manager.provider_state(&provider), provider }
    }
}

/// Writes a provider.
pub(crate) fn written(shown: &Shown, part: &mut Part<'_>) -> serde_json::Result<()> {
    serde_json::to_writer(part, &ProviderBody::of(shown))
}

impl<'a> ProviderBody<'a> {
    fn of(shown: &'a Shown) -> Self {
        let Shown { provider, state } = shown;
        let record = &provider.record;
        let address = address(&record.name);
        let (state, state_reason) = match state {
            ProviderState::Ready => ("ready", None),
            ProviderState::Loading => ("loading", None),
            ProviderState::Unavailable(reason) => ("unavailable", Some(reason.as_str())),
        };
        let model = |(name, model): (&'a ModelName, &'a Arc<analyte_jobs::Model>)| ModelLine {
            name,
            description: &model.info.description,
            href: format!("{address}/models/{name}"),
        };
        Self {
            name: &record.name,
            organisation: record.organisation.as_ref(),
            title: &record.info.title,
            version: &record.info.version,
            description: &record.info.description,
            digest: record.digest,
            size: record.bytes,
            models: provider.models.iter().map(model).collect(),
            capabilities: CapabilityBody::of_all(&record.info.capabilities),
            grants: provider.grants.names(),
            state,
            state_reason,
            created_at: Time(record.created_at),
            updated_at: Time(record.updated_at),
            links: ProviderLinks { models: format!("{address}/models"), this: address },
        }
    }
}

/// Where a provider is.
pub(crate) fn address(name: &ProviderName) -> String {
    format!("/v1/providers/{name}")
}
