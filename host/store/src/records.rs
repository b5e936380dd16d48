//! What is kept of providers, models and tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::model::{ModelInfo, ProviderInfo};
use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
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
    /// Its component, which several providers may share; `None` for a provider that consists of published model components only.
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
    /// Ended jobs on it are kept for so many hours; `None`: as long as the server keeps any.
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

/// An organisation. The one named `default` is there without a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationRecord {
    /// What it goes by.
    pub name: Organisation,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Most queued jobs; `None`: as configured (`queued_jobs`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_jobs: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A file of an organisation, beside jobs and models: what clients upload before they name it in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Whose.
    pub organisation: Organisation,
    /// In which repository; a name.
    pub repository: String,
    /// Path within it: names joined by `/`, none of them `.` or `..` or empty.
    pub path: String,
    /// As it was given.
    pub media_type: String,
    /// Its bytes.
    pub content: Content,
    /// When it was written last.
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

impl Right {
    /// Every right.
    pub const ALL: [Self; 4] = [Self::Admin, Self::JobsRead, Self::JobsWrite, Self::ProvidersWrite];

    /// The word used outside.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::ProvidersWrite => "providers:write",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == word)
    }
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
    /// When it was used last, to within a minute or so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Most requests a second; `None`: as configured (`requests_per_second`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
}
