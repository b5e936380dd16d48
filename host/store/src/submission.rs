//! What is submitted, and what becomes of it.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::{Content, Job};
use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;

/// Bytes to be kept.
#[derive(Debug, Clone)]
pub enum NewContent {
    /// In memory.
    Bytes(Bytes),
    /// Written before through [`Store::content_writer`](crate::Store::content_writer), and kept if the call that names it
    /// succeeds.
    Staged(Staged),
}

/// Bytes that lie in the store and belong to nothing yet. Whatever is never named in a call is swept away.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Their name and length.
    pub content: Content,
    /// The bytes themselves where they are few enough to be kept in a record.
    pub(crate) inline: Option<Bytes>,
    /// Keeps them from being swept meanwhile.
    #[expect(dead_code, reason = "held for its drop")]
    pub(crate) pin: Option<Arc<crate::sled::Pin>>,
}

/// What bytes are for that are written ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A client brings them. They are refused while less than twice of what is kept free is free, before and while they are
    /// written, so that uploads alone never let submissions be refused.
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

/// A job to be kept.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Queued, revision 0; its contents' digests and lengths are those of `contents`.
    pub job: Job,
    /// The bytes of inputs and parameters.
    pub contents: Vec<NewContent>,
    /// Makes a repetition of the same submission harmless.
    pub idempotency: Option<Idempotency>,
    /// Most queued jobs that the organisation may have, this one included.
    pub queue_cap: u64,
}

/// An idempotency key, scoped by organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// As the client gave it.
    pub key: String,
    /// Of what was asked for, so that another request under the same key is noticed.
    pub request: Digest,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// It is kept and queued.
    New,
    /// The same submission was made before; this is its job now.
    Replayed(Arc<Job>),
    /// The key was used with another request.
    Mismatch,
    /// The organisation has as many queued jobs as it may have.
    QueueFull {
        /// How many it has.
        queued: u64,
    },
}

/// What was submitted before under an idempotency key.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Of what was asked for then.
    pub request: Digest,
    /// The job, as it is now.
    pub job: Arc<Job>,
}
