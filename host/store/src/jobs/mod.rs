//! Jobs: how they are submitted, found, changed and removed. What their runs do with them is in [`Runs`](crate::Runs).

mod changes;
mod list;
mod named;
mod retention;
mod submission;

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::event::EventId;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::names::{JobId, Organisation, ProviderKey};
use analyte_core::query::Sort;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;

pub use changes::{CancelAnswer, CancelRule, Change, Changed, Events};
pub use list::{Counts, Depth, ListQuery, Page, Sorted};
pub(crate) use named::{named_by, named_components, named_contents};
pub use retention::{Age, Before};
pub use submission::{Idempotency, Known, NewJob, Submitted};

use crate::contents::NewContent;
use crate::error::Result;

/// Jobs of organisations. A job of one organisation is never answered to another.
#[async_trait]
pub trait Jobs: Send + Sync + 'static {
    /// Keeps jobs; one answer each, in order. All accepted ones are durable together.
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>>;

    /// Keeps all of these jobs of one organisation in one step, or none; one answer each, in order. Where one of them is not
    /// kept, the others are answered as it is. None of them has an idempotency key.
    async fn submit_together(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>>;

    /// One job.
    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>>;

    /// The job that was submitted under this idempotency key; `None`: there is none, or it has been removed.
    async fn known(&self, organisation: &Organisation, key: &str) -> Result<Option<Known>>;

    /// Jobs of one organisation, newest first or oldest first.
    async fn jobs(&self, organisation: &Organisation, query: ListQuery) -> Result<Page>;

    /// Jobs of one organisation in another order; jobs that are equal in it newest first. [`ListQuery::after`] and
    /// [`ListQuery::scan`] are ignored; `most` bounds the index entries to look at for the whole of the list.
    async fn sorted(
        &self,
        organisation: &Organisation,
        query: ListQuery,
        sorts: Arc<[Sort]>,
        skip: usize,
        most: usize,
    ) -> Result<Sorted>;

    /// Events of a job after one of them, oldest first; `None`: there is no such job. Of the changes of its state the
    /// last 64 are kept, of what its runs reported the last 1 MiB.
    async fn events(
        &self,
        organisation: &Organisation,
        id: JobId,
        after: EventId,
        most: usize,
    ) -> Result<Option<Events>>;

    /// How many tasks of the same organisation may start before the first task of each of these jobs that could start
    /// now; `None`: the job has no such task. Organisations take turns, so tasks of others do not count; tasks that
    /// wait for another job of their session do.
    async fn queue_positions(&self, organisation: &Organisation, ids: &[JobId]) -> Result<Vec<Option<u64>>>;

    /// How many jobs wait and run, by organisation and provider ; a job counts once under each provider
    /// that one of its tasks runs on.
    async fn depths(&self) -> Result<Vec<Depth>>;

    /// How many jobs the organisation has in each state.
    async fn counts(&self, organisation: &Organisation) -> Result<Counts>;

    /// Applies one of [`Event::Cancel`], [`Event::Retry`], [`Event::Abandon`] to a job; `None`: there is no such job.
    /// Other events are refused.
    async fn apply(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>>;

    /// Applies [`Event::AddTask`] or [`Event::AddParent`] to a job, with the contents that the task names; `None`: there is no such
    /// job. Other events are refused.
    async fn extend(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        contents: Vec<NewContent>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>>;

    /// Cancels several jobs in one step; one answer each, in order.
    async fn cancel_if(
        &self,
        organisation: &Organisation,
        rule: CancelRule,
        now: Timestamp,
    ) -> Result<Vec<(JobId, CancelAnswer)>>;

    /// Removes an ended job with all that belongs to it; `Some(false)`: it has not ended, `None`: there is no such job.
    async fn purge(&self, organisation: &Organisation, id: JobId) -> Result<Option<bool>>;

    /// Unfinished jobs that use this provider: of its organisation, or of all organisations where it is shared.
    /// (Callers see to it that a shared provider and one of an organisation never have the same name.) They come by
    /// organisation, and oldest first in each; `after` goes on after that job, whether it still is one of them or not.
    /// Fewer than `most` are the last. The time of a call grows with `most`, not with how many jobs use the provider.
    async fn unfinished(
        &self,
        provider: &ProviderKey,
        after: Option<(Organisation, JobId)>,
        most: usize,
    ) -> Result<Vec<Arc<Job>>>;

    /// Changes of all organisations after a position, oldest first; the journal keeps at least the last 10,000.
    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>>;
}
