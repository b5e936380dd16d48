//! The catalogue: installed providers, published models, and the components and files that they are made of.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::model::{ModelInfo, ProviderInfo};
use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::contents::NewContent;
use crate::error::Result;

/// Providers, models, and what they are made of.
#[async_trait]
pub trait Catalogue: Send + Sync + 'static {
    /// Installs a provider, or replaces the one of its name; says whether there was one. The component of the old one
    /// stays as long as unfinished jobs pin it. Without a component, the record's digest must be one that is kept
    /// already (of another provider, or of this one); else the call fails and changes nothing.
    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool>;

    /// All providers, by name.
    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>>;

    /// Removes a provider with its published models. Without `force`, not while it has unfinished jobs.
    async fn remove_provider(&self, provider: &ProviderKey, force: bool) -> Result<Removed>;

    /// Publishes a model, or replaces the one of its name; says whether there was one. Without bytes, the record's
    /// digest must be one that is kept already.
    async fn put_model(&self, record: ModelRecord, bytes: Option<NewContent>) -> Result<bool>;

    /// All published models, by provider and name.
    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>>;

    /// Removes a published model.
    async fn remove_model(&self, provider: &ProviderKey, name: &ModelName, force: bool) -> Result<Removed>;

    /// The bytes of an installed component or model file, also of one that was replaced but is still pinned.
    async fn component(&self, digest: Digest) -> Result<Option<Bytes>>;

    /// Bytes of components and model files that no provider or model has any more, and that are kept because unfinished jobs of
    /// this organisation pin them.
    async fn pinned_bytes(&self, organisation: &Organisation) -> Result<u64>;

    /// Length in bytes of a component or model file; `None`: it is not kept.
    async fn component_size(&self, digest: Digest) -> Result<Option<u64>>;

    /// Part of a component or model file; a range that goes beyond its end is cut there. `None`: it is not kept.
    async fn component_range(&self, digest: Digest, range: std::ops::Range<u64>) -> Result<Option<Bytes>>;
}

/// An installed provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// What it goes by.
    pub name: ProviderName,
    /// Whose; `None`: of all organisations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Organisation>,
    /// Its component, which several providers may share; `None` for a provider that consists of published model
    /// components only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Length of the component.
    pub bytes: u64,
    /// Length of its compiled code when it was installed; 0 for what was installed before this was counted.
    #[serde(default)]
    pub compiled_bytes: u64,
    /// Length of what it and its built-in models say of themselves, as JSON; 0 as above.
    #[serde(default)]
    pub described_bytes: u64,
    /// What it says of itself.
    pub info: ProviderInfo,
    /// Its built-in models. May be large: kept as a content of its own, not in the record.
    pub models: Vec<Arc<ModelInfo>>,
    /// Models that are switched off: no new jobs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub disabled: BTreeSet<ModelName>,
    /// For how many hours ended jobs on it are kept; `None`: as long as the server keeps any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_jobs_hours: Option<u32>,
    /// First installation of a provider of this name.
    pub created_at: Timestamp,
    /// Installation of this component.
    pub updated_at: Timestamp,
}

impl ProviderRecord {
    /// Which one it is.
    pub fn key(&self) -> ProviderKey {
        ProviderKey { organisation: self.organisation.clone(), name: self.name.clone() }
    }
}

/// What a published model is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// A component of the model world.
    Component,
    /// A file that its provider inspects and runs.
    File,
}

/// A published model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Whose its provider is; `None`: of all organisations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Organisation>,
    /// Its provider.
    pub provider: ProviderName,
    /// What it goes by.
    pub name: ModelName,
    /// What it is made of.
    pub kind: ModelKind,
    /// Of its bytes.
    pub digest: Digest,
    /// Length of its bytes.
    pub bytes: u64,
    /// Length of its compiled code when it was published; 0 for a file, and for what was published before this was counted.
    #[serde(default)]
    pub compiled_bytes: u64,
    /// Length of what is said of it, by itself and by its publisher; 0 for what was published before this was counted.
    #[serde(default)]
    pub described_bytes: u64,
    /// As it was given.
    pub media_type: String,
    /// What it computes, under the name that it goes by. May be large, like a provider's models.
    pub info: Arc<ModelInfo>,
    /// Where its file was taken from, as its publisher named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The publisher's own data, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
    /// First publication under this name.
    pub created_at: Timestamp,
    /// Publication of these bytes.
    pub updated_at: Timestamp,
}

impl ModelRecord {
    /// Which provider it belongs to.
    pub fn provider_key(&self) -> ProviderKey {
        ProviderKey { organisation: self.organisation.clone(), name: self.provider.clone() }
    }
}

/// What became of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone. Queued tasks that needed it are still there, for the caller to abandon.
    Gone,
    /// It has unfinished jobs, this many at least.
    InUse {
        /// Unfinished jobs seen.
        jobs: u64,
    },
    /// There is none.
    NotFound,
}
