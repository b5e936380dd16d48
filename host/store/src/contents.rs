//! Contents: the bytes that belong to jobs, models and files.

use std::any::Any;
use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Result;

/// Bytes of jobs, and bytes that a later call will name.
#[async_trait]
pub trait Contents: Send + Sync + 'static {
    /// Bytes of a content of this job.
    async fn content(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes>;

    /// Contents of several jobs, in order; `None`: the content is not there any more, or cannot be read.
    async fn contents(&self, organisation: &Organisation, wanted: Vec<(JobId, Content)>) -> Result<Vec<Option<Bytes>>>;

    /// Part of a content of this job; `range` must lie within its length.
    async fn content_range(
        &self,
        organisation: &Organisation,
        job: JobId,
        content: &Content,
        range: std::ops::Range<u64>,
    ) -> Result<Bytes>;

    /// Starts to take bytes that a later call will name. `purpose` says how full they may make the disk; where they
    /// would go beyond that, the caller gets [`StoreError::DiskFull`](crate::StoreError::DiskFull), here or while
    /// writing.
    async fn content_writer(&self, purpose: Purpose) -> Result<Box<dyn ContentWriter>>;

    /// Part of bytes that were staged, before or after a call named them. A range that goes beyond their end is cut
    /// there.
    async fn staged_range(&self, staged: &Staged, range: std::ops::Range<u64>) -> Result<Bytes>;
}

/// Bytes to be kept.
#[derive(Debug, Clone)]
pub enum NewContent {
    /// In memory.
    Bytes(Bytes),
    /// Written before through [`Store::content_writer`](Contents::content_writer), and kept if the call that names it
    /// succeeds.
    Staged(Staged),
}

/// Bytes that lie in the store and belong to nothing yet. The store removes them when no call has named them and the
/// last clone of this is dropped.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Their name and length.
    pub content: Content,
    /// The bytes themselves where they are few enough to be kept in a record.
    pub inline: Option<Bytes>,
    /// Belongs to the store that staged them, which sees by it that they may still be named.
    #[expect(dead_code, reason = "held for its drop")]
    guard: Option<Arc<dyn Any + Send + Sync>>,
}

impl Staged {
    /// Bytes that are in memory only.
    pub fn inline(content: Content, bytes: Bytes) -> Self {
        Self { content, inline: Some(bytes), guard: None }
    }

    /// Bytes that the store has written somewhere; they stay there while `guard` lives.
    pub fn written(content: Content, guard: Arc<dyn Any + Send + Sync>) -> Self {
        Self { content, inline: None, guard: Some(guard) }
    }
}

/// What bytes are for that are written ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A client brings them. They are refused, before and while they are written, while less than twice the space that
    /// is kept free is free, so that uploads alone never let submissions be refused.
    Upload,
    /// A run gave them. So that completions go on when nothing new is accepted, they may use half of what is kept free.
    Outcome,
}

/// Takes bytes piece by piece.
#[async_trait]
pub trait ContentWriter: Send {
    /// Takes the next piece.
    async fn write(&mut self, piece: Bytes) -> Result<()>;
    /// Makes all of it durable. Dropped without this, the writer leaves nothing.
    async fn finish(self: Box<Self>) -> Result<Staged>;
}
