//! What happens to jobs after their submission, and what watchers learn of it.

use std::sync::Arc;

use analyte_core::job::event::JobEvent;
use analyte_core::job::transition::{Effect, Refusal};
use analyte_core::job::{Job, Status};
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;

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
    /// Refuse jobs of which a task is not queued: as [`Refusal::AlreadyFinished`] where the job has ended, be it by a
    /// cancellation, else as [`Refusal::NotReady`]. A job that has started, and whose tasks all wait for their next run, is
    /// not refused.
    pub only_queued: bool,
    /// One that is refused, or does not exist, leaves all of them as they were.
    pub all_or_nothing: bool,
    /// Said in the jobs' errors.
    pub reason: String,
}

impl CancelRule {
    /// Why this rule does not cancel a job that would otherwise be cancelled; `None`: it does.
    pub fn refuses(&self, job: &Job) -> Option<Refusal> {
        if !self.only_queued || job.tasks.iter().all(|task| task.status == Status::Queued) {
            return None;
        }
        Some(if job.status.ended() { Refusal::AlreadyFinished } else { Refusal::NotReady })
    }
}

/// What became of one job under a [`CancelRule`].
#[derive(Debug, Clone, PartialEq)]
pub enum CancelAnswer {
    /// Cancelled now or before.
    Cancelled(Changed),
    /// Would have been, but another one of an all-or-nothing rule was refused.
    Untouched,
    /// It has ended, or one of its tasks is not queued where only jobs with nothing but queued tasks were asked for.
    Refused(Refusal),
    /// There is no such job.
    NotFound,
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

/// Events of one job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Events {
    /// In order, rising ids.
    pub events: Vec<JobEvent>,
    /// Whether these go up to the last one there is now.
    pub complete: bool,
    /// Whether the job has ended.
    pub ended: bool,
}
