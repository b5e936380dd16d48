//! Durable state behind one trait: jobs, providers, models, tokens and the bytes that belong to them.
//!
//! What [`Store`] promises: an answered call is durable; every change of a job is one atomic step through
//! [`analyte_core::job::transition::apply`]; a write of a run that is no longer current is answered as stale and changes
//! nothing; nothing of one organisation is ever answered to another. It reads no clock (callers pass `now`) and knows
//! nothing of components or HTTP. [`sled::SledStore`] is the one for a single node; the trait is shaped so that several
//! nodes can share another implementation.

mod changes;
mod error;
mod files;
mod health;
mod list;
mod metrics;
mod records;
mod retention;
mod runs;
pub mod sled;
mod submission;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod testing;

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::event::{EventId, Told};
use analyte_core::job::transition::{Event, Refusal, Released};
use analyte_core::job::{Content, Job};
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, RunKey};
use analyte_core::query::Sort;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

pub use changes::{CancelAnswer, CancelRule, Change, Changed, Events, Removed};
pub use error::StoreError;
pub use files::{FileKept, FilesRoom};
pub use health::Health;
pub use list::{Counts, Depth, ListQuery, Page, Sorted};
pub use metrics::Metrics;
pub use records::{FileRecord, ModelKind, ModelRecord, OrganisationRecord, ProviderRecord, Right, TokenRecord};
pub use retention::{Age, Before};
pub use runs::{Claimed, Claims, Finished, Heartbeat, HeldUp, NewFile, Outcome, Room};
pub use submission::{ContentWriter, Idempotency, Known, NewContent, NewJob, Purpose, Staged, Submitted};

/// Answer of every call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Durable state. See the module for what every call promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Keeps jobs; one answer each, in order. All accepted ones are durable together.
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>>;

    /// One job.
    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>>;

    /// The job that was submitted under this idempotency key, and still is there.
    async fn known(&self, organisation: &Organisation, key: &str) -> Result<Option<Known>>;

    /// Jobs of one organisation, newest first or oldest first.
    async fn jobs(&self, organisation: &Organisation, query: ListQuery) -> Result<Page>;

    /// Jobs of one organisation in another order; jobs that are equal in it newest first. [`ListQuery::after`] and
    /// [`ListQuery::scan`] do not matter; `most` bounds the index entries to look at for the whole of the list.
    async fn sorted(
        &self,
        organisation: &Organisation,
        query: ListQuery,
        sorts: Arc<[Sort]>,
        skip: usize,
        most: usize,
    ) -> Result<Sorted>;

    /// Events of a job after one of them, oldest first; `None`: there is no such job. The changes of its state are kept
    /// with the job (the last 64 of them), what its runs told up to 1 MiB of it; the oldest go first.
    async fn events(
        &self,
        organisation: &Organisation,
        id: JobId,
        after: EventId,
        most: usize,
    ) -> Result<Option<Events>>;

    /// Keeps what runs told; one answer each, in order; `false`: stale, nothing was kept.
    async fn tell(&self, told: Vec<(RunKey, Vec<Told>)>) -> Result<Vec<bool>>;

    /// How many tasks of the same organisation may start before the first task of each of these jobs that could start
    /// now; `None` where there is none. Organisations take turns, so tasks of others do not count; those that wait for
    /// another job of their session do.
    async fn places(&self, organisation: &Organisation, ids: &[JobId]) -> Result<Vec<Option<u64>>>;

    /// What waits and runs, by organisation and provider (of the job's first task).
    async fn depths(&self) -> Result<Vec<Depth>>;

    /// How many there are.
    async fn counts(&self, organisation: &Organisation) -> Result<Counts>;

    /// Tasks that may start now and for which there is room, each under a new lease. Of the jobs of one session (of one
    /// organisation, on one provider) at most one runs at a time, in the order of the queue; those that wait for it keep
    /// nothing else from starting. Nor does a task that does not fit into what its organisation may have: others of its
    /// organisation wait behind it, and those of other organisations start. The answer may come before it is durable: a start that is lost
    /// leaves its task queued, and its lease means nothing any more.
    async fn claim(&self, node: &str, room: Room, lease_until: Timestamp, now: Timestamp) -> Result<Claims>;

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

    /// Removes up to `most` jobs that are old; says how many. Frees their bytes. Forgets what [`Store::put_once`] remembers
    /// of times more than 30 days before the latest of the times in `age`.
    async fn retire(&self, age: Age, most: usize) -> Result<usize>;

    /// Unfinished jobs that use this provider: of its organisation, or of all where it is shared. (A shared provider and
    /// one of an organisation never have the same name; callers see to that.) They come by organisation, and oldest first
    /// in each; `after` goes on after that job, whether it still is one of them or not. Fewer than `most` are the last. A
    /// portion costs about its own size.
    async fn unfinished(
        &self,
        provider: &ProviderKey,
        after: Option<(Organisation, JobId)>,
        most: usize,
    ) -> Result<Vec<Arc<Job>>>;

    /// Changes of all organisations after a position, oldest first; the journal keeps at least the last 10,000.
    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>>;

    /// Remembers that a schedule fired for this time; `false`: it had before. Forgotten after 30 days, see [`Store::retire`].
    async fn put_once(&self, organisation: &Organisation, schedule: &str, fire_time: Timestamp) -> Result<bool>;

    /// Bytes of a content of this job.
    async fn content(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes>;

    /// Contents of several jobs, in order; `None`: it is not there any more, or cannot be read.
    async fn contents(&self, organisation: &Organisation, wanted: Vec<(JobId, Content)>) -> Result<Vec<Option<Bytes>>>;

    /// Part of a content of this job: `range` within its length.
    async fn content_range(
        &self,
        organisation: &Organisation,
        job: JobId,
        content: &Content,
        range: std::ops::Range<u64>,
    ) -> Result<Bytes>;

    /// Starts to take bytes that a later call will name. What they are for tells how full they may make the disk; whoever
    /// would go beyond that gets [`StoreError::DiskFull`], here or while writing.
    async fn content_writer(&self, purpose: Purpose) -> Result<Box<dyn ContentWriter>>;

    /// Installs a provider, or replaces the one of its name; says whether there was one. The component of the old one
    /// stays as long as unfinished jobs pin it. Without a component, the record's digest must be one that is kept already
    /// (of another provider, or of this one); else the call fails and changes nothing.
    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool>;

    /// All providers, by name.
    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>>;

    /// Removes a provider with its published models. Without `force`, not while it has unfinished jobs.
    async fn remove_provider(&self, provider: &ProviderKey, force: bool) -> Result<Removed>;

    /// Publishes a model, or replaces the one of its name; says whether there was one. Without bytes, the record's digest
    /// must be one that is kept already.
    async fn put_model(&self, record: ModelRecord, bytes: Option<NewContent>) -> Result<bool>;

    /// All published models, by provider and name.
    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>>;

    /// Removes a published model.
    async fn remove_model(&self, provider: &ProviderKey, name: &ModelName, force: bool) -> Result<Removed>;

    /// The bytes of an installed component or model file, also of one that was replaced but is still pinned.
    async fn component(&self, digest: Digest) -> Result<Option<Bytes>>;

    /// How many they are; `None`: they are not kept.
    async fn component_size(&self, digest: Digest) -> Result<Option<u64>>;

    /// Part of them: what of `range` lies within; `None`: they are not kept.
    async fn component_range(&self, digest: Digest, range: std::ops::Range<u64>) -> Result<Option<Bytes>>;

    /// Part of bytes that were staged and may not have been named yet: what of `range` lies within.
    async fn staged_range(&self, staged: &Staged, range: std::ops::Range<u64>) -> Result<Bytes>;

    /// Keeps a file of an organisation, or replaces the one of its path, unless the organisation then had more than
    /// `most` of them.
    async fn put_file(&self, record: FileRecord, bytes: NewContent, most: FilesRoom) -> Result<FileKept>;

    /// Its files in one repository, by path: those whose path begins with `prefix`, after the path `after`.
    async fn files(
        &self,
        organisation: &Organisation,
        repository: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Arc<FileRecord>>>;

    /// One file.
    async fn file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<Option<Arc<FileRecord>>>;

    /// Part of a file's bytes: what of `range` lies within; `None`: the file is not kept any more.
    async fn file_range(&self, record: &FileRecord, range: std::ops::Range<u64>) -> Result<Option<Bytes>>;

    /// Removes a file; `false`: there was none.
    async fn remove_file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<bool>;

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

    /// Whether the store works, and what it noticed: for readiness and metrics.
    async fn health(&self) -> Result<Health>;

    /// Ends all work and closes the files. Later calls fail with [`StoreError::Closed`].
    async fn close(&self) -> Result<()>;
}
