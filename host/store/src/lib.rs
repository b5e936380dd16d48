//! Durable state behind one trait: jobs, providers, models, tokens and the bytes that belong to them.
//!
//! What [`Store`] promises: an answered call is durable; every change of a job is one atomic step through
//! [`analyte_core::job::transition::apply`]; a write of a run that is no longer current is answered as stale and changes
//! nothing; nothing of one organisation is ever answered to another. It reads no clock (callers pass `now`) and knows
//! nothing of components or HTTP. [`sled::SledStore`] is the one for a single node; the trait is shaped so that several
//! nodes can share another implementation.

mod error;
mod records;
pub mod sled;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod testing;

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::transition::{Effect, Event, Refusal, Released};
use analyte_core::job::{Content, Job, Progress, Status, Usage};
use analyte_core::names::{FileName, JobId, ModelName, Organisation, ProviderName, RunKey};
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

pub use error::StoreError;
pub use records::{ModelKind, ModelRecord, ProviderRecord, Right, TokenRecord};

/// Answer of every call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Bytes to be kept.
#[derive(Debug, Clone)]
pub enum NewContent {
    /// In memory.
    Bytes(Bytes),
    /// Written before through [`Store::content_writer`], and kept if the call that names it succeeds.
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
    pub(crate) pin: Option<Arc<sled::Pin>>,
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

/// A task given to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Under which attempt and lease.
    pub run: RunKey,
    /// Its job, started.
    pub job: Arc<Job>,
}

/// Tasks given to a node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claims {
    /// At most as many as asked for: lowest priority number first, then oldest, taking turns between organisations.
    pub claimed: Vec<Claimed>,
    /// When the next task that waits for its time is due.
    pub next_due: Option<Timestamp>,
}

/// Which of a node's leases still hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// No longer valid: stop these runs and write nothing.
    pub lost: Vec<RunKey>,
    /// Somebody asked to stop these. A store that ends the lease with the cancel says `lost` instead.
    pub cancel_requested: Vec<RunKey>,
}

/// A result file to be kept.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Unique within the run.
    pub name: FileName,
    /// As the component said.
    pub media_type: String,
    /// Its bytes.
    pub content: NewContent,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With a table and files.
    Completed {
        /// An Arrow stream.
        result: NewContent,
        /// Result files.
        files: Vec<NewFile>,
    },
    /// With a failure.
    Failed {
        /// Why.
        failure: Failure,
        /// From 0 to 1, random.
        jitter: f64,
    },
}

/// A run that ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which run.
    pub run: RunKey,
    /// How.
    pub outcome: Outcome,
    /// What it cost.
    pub usage: Usage,
    /// Its last progress.
    pub progress: Option<Progress>,
    /// NDJSON lines.
    pub log: Option<NewContent>,
    /// What the client should know.
    pub warnings: Vec<String>,
}

/// A changed job and what follows from the change.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As it is now.
    pub job: Arc<Job>,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

/// Jobs to be cancelled in one atomic step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRule {
    /// Which jobs; those that do not exist are answered as such.
    pub jobs: Vec<JobId>,
    /// Refuse jobs that have started, as [`Refusal::NotReady`].
    pub only_queued: bool,
    /// One that is refused, or does not exist, leaves all of them as they were.
    pub all_or_nothing: bool,
    /// Said in the jobs' errors.
    pub reason: String,
}

/// What became of one job under a [`CancelRule`].
#[derive(Debug, Clone, PartialEq)]
pub enum CancelAnswer {
    /// Cancelled now or before.
    Cancelled(Changed),
    /// Would have been, but another one of an all-or-nothing rule was refused.
    Untouched,
    /// It has ended, or has started where only queued ones were asked for.
    Refused(Refusal),
    /// There is no such job.
    NotFound,
}

/// Which jobs to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// In this state.
    pub status: Option<Status>,
    /// Whose first task uses this provider.
    pub provider: Option<ProviderName>,
    /// Whose first task uses this model.
    pub model: Option<ModelName>,
    /// With this tag.
    pub tag: Option<(String, String)>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// Go on after this job, which need not exist any more.
    pub after: Option<JobId>,
    /// Most jobs to answer.
    pub limit: usize,
    /// Most index entries to look at.
    pub scan: usize,
}

/// Part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// May be fewer than asked for even where there are more.
    pub jobs: Vec<Arc<Job>>,
    /// Where to go on; `None` at the end.
    pub next: Option<JobId>,
}

/// How many jobs an organisation has in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waiting.
    pub queued: u64,
    /// Started and not ended.
    pub running: u64,
    /// Ended with a result.
    pub completed: u64,
    /// Ended without.
    pub failed: u64,
    /// Stopped.
    pub cancelled: u64,
}

/// One committed change of a job, for watchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Rises with every change, never reused.
    pub position: u64,
    /// Whose job.
    pub organisation: Organisation,
    /// Which.
    pub job: JobId,
    /// Its state after the change.
    pub status: Status,
    /// When.
    pub at: Timestamp,
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

/// Durable state. See the module for what every call promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Keeps jobs; one answer each, in order. All accepted ones are durable together.
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>>;

    /// One job.
    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>>;

    /// Jobs of one organisation, newest first.
    async fn jobs(&self, organisation: &Organisation, query: ListQuery) -> Result<Page>;

    /// How many there are.
    async fn counts(&self, organisation: &Organisation) -> Result<Counts>;

    /// Up to `n` tasks that may start now, each under a new lease.
    async fn claim(&self, node: &str, n: usize, lease_until: Timestamp, now: Timestamp) -> Result<Claims>;

    /// Prolongs leases, and says which are lost.
    async fn heartbeat(
        &self,
        node: &str,
        leases: Vec<RunKey>,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Heartbeat>;

    /// Keeps what runs gave; one answer each, in order; `None`: stale, nothing was kept.
    async fn finish(&self, finished: Vec<Finished>, now: Timestamp) -> Result<Vec<Option<Changed>>>;

    /// Gives runs back; `None`: stale.
    async fn release(&self, runs: Vec<(RunKey, Released)>, now: Timestamp) -> Result<Vec<Option<Changed>>>;

    /// Puts the tasks that were running on a lost node (or, on a store of one node, at the last crash) back into the
    /// queue, and says how many.
    async fn recover(&self, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64>;

    /// Lets one of [`Event::Cancel`], [`Event::Retry`], [`Event::Abandon`] happen; `None`: there is no such job.
    async fn apply(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>>;

    /// Cancels several jobs in one step; one answer each, in order.
    async fn cancel_if(
        &self,
        organisation: &Organisation,
        rule: CancelRule,
        now: Timestamp,
    ) -> Result<Vec<(JobId, CancelAnswer)>>;

    /// Removes ended jobs with all that belongs to them; `Some(false)`: not ended, `None`: there is none.
    async fn purge(&self, organisation: &Organisation, id: JobId) -> Result<Option<bool>>;

    /// Removes up to `most` jobs that ended before `before`; says how many. Frees their bytes.
    async fn retire(&self, before: Timestamp, most: usize) -> Result<usize>;

    /// Unfinished jobs that use this provider, oldest first.
    async fn unfinished(&self, provider: &ProviderName, most: usize) -> Result<Vec<Arc<Job>>>;

    /// Changes of all organisations after a position, oldest first; the journal keeps at least the last 10,000.
    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>>;

    /// Remembers that a schedule fired for this time; `false`: it had before.
    async fn put_once(&self, organisation: &Organisation, schedule: &str, fire_time: Timestamp) -> Result<bool>;

    /// Bytes of a content of this job.
    async fn content(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes>;

    /// Part of a content of this job: `range` within its length.
    async fn content_range(
        &self,
        organisation: &Organisation,
        job: JobId,
        content: &Content,
        range: std::ops::Range<u64>,
    ) -> Result<Bytes>;

    /// Starts to take bytes that a later call will name.
    async fn content_writer(&self) -> Result<Box<dyn ContentWriter>>;

    /// Installs a provider, or replaces the one of its name; says whether there was one. The component of the old one
    /// stays as long as unfinished jobs pin it.
    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool>;

    /// All providers, by name.
    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>>;

    /// Removes a provider with its published models. Without `force`, not while it has unfinished jobs.
    async fn remove_provider(&self, name: &ProviderName, force: bool) -> Result<Removed>;

    /// Publishes a model, or replaces the one of its name; says whether there was one.
    async fn put_model(&self, record: ModelRecord, bytes: NewContent) -> Result<bool>;

    /// All published models, by provider and name.
    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>>;

    /// Removes a published model.
    async fn remove_model(&self, provider: &ProviderName, name: &ModelName, force: bool) -> Result<Removed>;

    /// The bytes of an installed component or model file, also of one that was replaced but is still pinned.
    async fn component(&self, digest: Digest) -> Result<Option<Bytes>>;

    /// Keeps a token, or replaces the one with the same id.
    async fn put_token(&self, record: TokenRecord) -> Result<()>;

    /// All tokens.
    async fn tokens(&self) -> Result<Vec<Arc<TokenRecord>>>;

    /// Whether the store works, and what it noticed: for readiness and metrics.
    async fn health(&self) -> Result<Health>;

    /// Ends all work and closes the files. Later calls fail with [`StoreError::Closed`].
    async fn close(&self) -> Result<()>;
}

/// State of the store itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Records that could not be read and were put aside.
    pub quarantined: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Free bytes on that disk.
    pub free_bytes: u64,
    /// Whether new jobs are refused for want of space.
    pub disk_full: bool,
}
