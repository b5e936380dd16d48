//! Access: organisations, and the tokens by which their clients come in.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Organisations and tokens.
#[async_trait]
pub trait Access: Send + Sync + 'static {
    /// Keeps an organisation, or replaces the one of its name; says whether there was one.
    async fn put_organisation(&self, record: OrganisationRecord) -> Result<bool>;

    /// All organisations that have a record, by name.
    async fn organisations(&self) -> Result<Vec<Arc<OrganisationRecord>>>;

    /// Keeps a token, or replaces the one with the same id.
    async fn put_token(&self, record: TokenRecord) -> Result<()>;

    /// Remembers when tokens, by id, were used last; never moves a time back, and ignores tokens that are not there.
    async fn tokens_used(&self, used: Vec<(String, Timestamp)>) -> Result<()>;

    /// All tokens.
    async fn tokens(&self) -> Result<Vec<Arc<TokenRecord>>>;
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
