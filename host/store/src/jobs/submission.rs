//! What is submitted, and what becomes of it.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;

use crate::contents::NewContent;

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
