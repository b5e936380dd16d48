//! What is kept of providers, models and tokens.

use analyte_core::digest::Digest;
use analyte_core::model::{ModelInfo, ProviderInfo};
use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_core::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// An installed provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// What it goes by.
    pub name: ProviderName,
    /// Whose; `None`: of all organisations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Organisation>,
    /// Its component; `None` for a provider that consists of published model components only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Length of the component.
    pub bytes: u64,
    /// What it says of itself.
    pub info: ProviderInfo,
    /// Its built-in models. May be large: kept as a content of its own, not in the record.
    pub models: Vec<ModelInfo>,
    /// First installation of a provider of this name.
    pub created_at: Timestamp,
    /// Installation of this component.
    pub updated_at: Timestamp,
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
    /// As it was given.
    pub media_type: String,
    /// What it computes. May be large, like a provider's models.
    pub info: ModelInfo,
    /// First publication under this name.
    pub created_at: Timestamp,
    /// Publication of these bytes.
    pub updated_at: Timestamp,
}

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Right {
    /// Everything, in every organisation.
    #[serde(rename = "admin")]
    Admin,
    /// Read jobs, providers and models.
    #[serde(rename = "jobs:read")]
    JobsRead,
    /// Submit, execute, cancel, retry and purge jobs.
    #[serde(rename = "jobs:write")]
    JobsWrite,
    /// Install and remove providers and models.
    #[serde(rename = "providers:write")]
    ProvidersWrite,
}

/// A token. The secret itself is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// For people and for revocation; not secret.
    pub id: String,
    /// Whose.
    pub organisation: Organisation,
    /// What it is for.
    pub label: String,
    /// SHA-256 of the secret.
    pub hash: Digest,
    /// What it allows.
    pub rights: Vec<Right>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From when on it is refused, by request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}
