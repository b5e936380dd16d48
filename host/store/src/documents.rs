//! Documents of organisations: what a surface keeps of which this server knows no more than its kind, its id and its text.

use std::fmt;
use std::sync::Arc;

use analyte_core::document::Document;
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Documents of organisations, by kind and id. One of one organisation is never answered to another.
#[async_trait]
pub trait Documents: Send + Sync + 'static {
    /// Keeps a document, unless the organisation then had more than `most` of all kinds together. `replaces`: the revision
    /// of the one of its kind and id in whose place it is put; `None`: there must be none yet.
    async fn put_document(
        &self,
        record: DocumentRecord,
        replaces: Option<u64>,
        most: DocumentsRoom,
    ) -> Result<DocumentKept>;

    /// Documents of one kind, those with the highest ids first; `before` goes on with what has a lower one.
    async fn documents(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<Arc<DocumentRecord>>>;

    /// One document.
    async fn document(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        id: u64,
    ) -> Result<Option<Arc<DocumentRecord>>>;

    /// Removes a document; `false`: there was none.
    async fn remove_document(&self, organisation: &Organisation, kind: DocumentKind, id: u64) -> Result<bool>;
}

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// What jobs point at.
    DataObject,
    /// What jobs are made of.
    JobTemplate,
    /// Templates in an order.
    JobPipeline,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::DataObject, Self::JobTemplate, Self::JobPipeline];

    /// The word under which it is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataObject => "data-object",
            Self::JobTemplate => "job-template",
            Self::JobPipeline => "job-pipeline",
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A document that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// Whose.
    pub organisation: Organisation,
    /// What it is about.
    pub kind: DocumentKind,
    /// Unique among those of its organisation and kind; later ones have higher ids.
    pub id: u64,
    /// Its text.
    pub document: Document,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Counts its changes, from 1.
    pub revision: u64,
}

impl DocumentRecord {
    /// What it takes of its organisation's room.
    pub fn bytes(&self) -> u64 {
        self.document.text().len() as u64
    }
}

/// Most documents, and most bytes of their texts together, that an organisation may have of all kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DocumentsRoom {
    /// How many.
    pub documents: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl DocumentsRoom {
    /// With one more, of this many bytes.
    #[must_use]
    pub fn with(self, bytes: u64) -> Self {
        Self { documents: self.documents.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }

    /// With one less, of this many bytes.
    #[must_use]
    pub fn without(self, bytes: u64) -> Self {
        Self { documents: self.documents.saturating_sub(1), bytes: self.bytes.saturating_sub(bytes) }
    }

    /// Whether it is more than this in any way.
    pub fn exceeds(self, most: Self) -> bool {
        self.documents > most.documents || self.bytes > most.bytes
    }
}

/// What became of a document that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKept {
    /// It is kept.
    Kept,
    /// There is one of its kind and id already, or the one that it replaces is gone or has another revision; nothing was
    /// kept.
    Changed,
    /// It would be more than the organisation may have; nothing was kept. This is what it has.
    Full(DocumentsRoom),
}
