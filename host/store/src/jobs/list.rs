//! What is asked of many jobs at once.

use std::sync::Arc;

use analyte_core::job::{Job, Status, Task};
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName};
use analyte_core::query::Filter;
use analyte_core::timestamp::Timestamp;

/// Which jobs to list. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    /// In this state.
    pub status: Option<Status>,
    /// One of whose tasks runs on this provider; with a model asked for, the same task.
    pub provider: Option<ProviderName>,
    /// One of whose tasks runs this model.
    pub model: Option<ModelName>,
    /// With this tag.
    pub tag: Option<(String, String)>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// Which holds for it.
    pub filter: Option<Arc<Filter>>,
    /// The oldest first, not the newest.
    pub oldest_first: bool,
    /// Go on after this job, which need not exist any more.
    pub after: Option<JobId>,
    /// Most jobs to answer.
    pub limit: usize,
    /// Most index entries to look at.
    pub scan: usize,
}

impl ListQuery {
    /// Whether one of the job's tasks runs the provider and the model that are asked for, both of them.
    fn runs_on_what_is_asked_for(&self, job: &Job) -> bool {
        let asked = |task: &Task| {
            self.provider.as_ref().is_none_or(|provider| task.provider == *provider)
                && self.model.as_ref().is_none_or(|model| task.model == *model)
        };
        job.tasks.iter().any(asked)
    }

    /// Whether a job fulfils every condition.
    pub fn matches(&self, job: &Job) -> bool {
        self.status.is_none_or(|status| job.status == status)
            && self.runs_on_what_is_asked_for(job)
            && self.tag.as_ref().is_none_or(|(tag, value)| job.tags.get(tag) == Some(value))
            && self.created_after.is_none_or(|after| job.created_at >= after)
            && self.created_before.is_none_or(|before| job.created_at < before)
            && self.filter.as_ref().is_none_or(|filter| filter.matches(job))
    }
}

/// Part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// May be fewer than asked for even where there are more.
    pub jobs: Vec<Arc<Job>>,
    /// Where to go on; `None` at the end.
    pub next: Option<JobId>,
}

/// Part of a list in an order of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Sorted {
    /// The jobs from `skip` on, at most [`ListQuery::limit`].
    Page {
        /// In order.
        jobs: Vec<Arc<Job>>,
        /// Whether there are further ones.
        more: bool,
    },
    /// More than `most` index entries would have to be looked at.
    TooMany,
}

/// How many jobs of an organisation use one provider. A job whose tasks run on several counts under each of them, so that
/// a list by provider and state has as many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// Whose.
    pub organisation: Organisation,
    /// Which provider.
    pub provider: ProviderName,
    /// Jobs that are queued.
    pub queued: u64,
    /// Jobs that are running.
    pub running: u64,
    /// Since when the first of the queued ones could start; in the future where it waits for its time.
    pub oldest: Option<Timestamp>,
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
