//! Jobs and tasks, and what may happen to them ([`transition`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Document;
use crate::failure::Failure;
use crate::job::event::Moment;
use crate::names::{Attempt, FileName, JobId, Lease, ModelName, Organisation, ProviderName, SessionId, TaskName};
use crate::schedule::FiredBy;
use crate::timestamp::Timestamp;
use crate::webhook::Webhook;

mod change;
pub mod event;
pub mod fields;
mod input;
mod new;
mod tasks;
pub mod transition;
#[cfg(test)]
mod transition_properties;

pub use change::JobChange;
pub use input::Input;
pub use tasks::Tasks;

/// State of a job and of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits to run.
    Queued,
    /// Runs; a job runs from the first start of a task to its end.
    Running,
    /// Ended with a result.
    Completed,
    /// Ended without one.
    Failed,
    /// Stopped by request, or because a parent task failed.
    Cancelled,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// Whether nothing happens any more by itself.
    pub fn ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The word used outside.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a queued task does not run yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// Its `run_at` is in the future.
    Scheduled,
    /// Another task must complete first.
    Parents,
    /// As many tasks run as may run at once.
    Capacity,
    /// The memory it would reserve is not free.
    Memory,
    /// Its organisation uses what it may use.
    Quota,
    /// Its component is being compiled.
    Compiling,
    /// Its provider failed so often that it rests.
    BreakerOpen,
    /// Its provider is switched off.
    ProviderDisabled,
    /// It failed and is tried again later.
    Backoff,
}

impl Waiting {
    /// The word used outside.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Parents => "parents",
            Self::Capacity => "capacity",
            Self::Memory => "memory",
            Self::Quota => "quota",
            Self::Compiling => "compiling",
            Self::BreakerOpen => "breaker-open",
            Self::ProviderDisabled => "provider-disabled",
            Self::Backoff => "backoff",
        }
    }
}

/// Stored bytes, named by their digest; the store knows where they lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Of the bytes.
    pub digest: Digest,
    /// How many.
    pub bytes: u64,
}

/// A finished result file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultFile {
    /// Unique within its task.
    pub name: FileName,
    /// As the component said.
    pub media_type: String,
    /// Its bytes.
    pub content: Content,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// From 0 to 1.
    pub fraction: f64,
    /// For people.
    pub message: String,
}

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel units.
    pub fuel: u64,
    /// Highest memory of the component, bytes.
    pub peak_memory_bytes: u64,
}

/// What one run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimits {
    /// Fuel units.
    pub fuel: u64,
    /// Bytes.
    pub memory_bytes: u64,
    /// Milliseconds of wall time.
    pub timeout_ms: u64,
}

/// How often a task is tried again by itself, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Tries in all; at least 1. Only failures whose code is retried count.
    pub max_attempts: u32,
    /// Wait before the second try, in milliseconds; doubles with each further one.
    pub backoff_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 3, backoff_ms: 1_000 }
    }
}

/// One model applied once: the unit that is queued, leased, run and metered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Unique within its job.
    pub name: TaskName,
    /// Whose model.
    pub provider: ProviderName,
    /// Which model.
    pub model: ModelName,
    /// The component that runs, pinned at submission.
    pub digest: Digest,
    /// The model file that it runs, pinned at submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_file: Option<Digest>,
    /// Tasks of the same job that must complete first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<TaskName>,
    /// Where the table comes from that it runs on.
    pub input: Input,
    /// A JSON object.
    pub parameters: Content,
    /// What each of its runs may use; `None`: what [`Job::limits`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<RunLimits>,
    /// Capabilities that were granted when it was submitted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Where it stands.
    pub status: Status,
    /// The current or last run.
    #[serde(default)]
    pub attempt: Attempt,
    /// The right to run it; set exactly while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Failures that counted as tries since it was submitted or retried by hand.
    #[serde(default)]
    pub failures: u32,
    /// Crashes of the node that it was running in, since it was submitted or retried by hand.
    #[serde(default)]
    pub crashes: u32,
    /// Not to be started before; set by backoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Start of the current or last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Cost of the last run.
    #[serde(default)]
    pub usage: Usage,
    /// Last progress of the last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Why it failed or was cancelled; while queued again, why the last run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// An Arrow stream; set exactly when completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Content>,
    /// Finished result files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ResultFile>,
    /// NDJSON lines of the last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Content>,
    /// What the client should know about the input or the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A request and its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose.
    pub organisation: Organisation,
    /// Where it stands; follows from its tasks and `started_at`.
    pub status: Status,
    /// At least one, parents before children.
    pub tasks: Tasks,
    /// Lower runs first.
    pub priority: i32,
    /// Not to be started before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    /// Submission.
    pub created_at: Timestamp,
    /// First start of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// End of the last task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What each run of a task may use that has no limits of its own; [`Job::limits_of`] says which hold.
    pub limits: RunLimits,
    /// For each task.
    pub retry: RetryPolicy,
    /// The job that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<JobId>,
    /// Label of the token that submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The schedule that submitted it; `None`: a client did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<FiredBy>,
    /// The stateful session that it belongs to: its jobs on one provider run one at a time, in the order of the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The client's own labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The client's own data, kept and answered to the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<Document>,
    /// Whom it notifies of what becomes of it.
    #[serde(default, skip_serializing_if = "none")]
    pub webhooks: Arc<[Webhook]>,
    /// Counts changes; the ETag.
    #[serde(default)]
    pub revision: u64,
    /// The last changes of its state, oldest first, at most [`MOMENTS`]; its submission is not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Moment>,
}

/// Whether there are no webhooks, which is then not written.
fn none(webhooks: &Arc<[Webhook]>) -> bool {
    webhooks.is_empty()
}

/// Most changes of state that a job remembers.
pub const MOMENTS: usize = 64;

/// What a task runs on; set at submission, and anew when it is retried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The component.
    pub digest: Digest,
    /// The model file.
    pub model_file: Option<Digest>,
    /// Capabilities that are granted.
    pub grants: Vec<String>,
}

impl Job {
    /// The task of this name.
    pub fn task(&self, name: &TaskName) -> Option<&Task> {
        self.tasks.get(self.tasks.place(name)?)
    }

    /// The task of a job that has exactly one; `None` for a job of several, of which none stands for all.
    pub fn only_task(&self) -> Option<&Task> {
        self.tasks.first().filter(|_| self.tasks.len() == 1)
    }

    /// The task whose provider and model stand for the job where only one can be named, as in the columns of a list: the
    /// first. What counts jobs counts them under every task's ([`Job::providers`]). `None` for a job without tasks, which no
    /// store takes.
    pub fn leading_task(&self) -> Option<&Task> {
        self.tasks.first()
    }

    /// The providers of its tasks, each once.
    pub fn providers(&self) -> BTreeSet<&ProviderName> {
        self.tasks.iter().map(|task| &task.provider).collect()
    }

    /// What each run of this task of the job may use.
    pub fn limits_of(&self, task: &Task) -> RunLimits {
        task.limits.unwrap_or(self.limits)
    }

    /// Tasks that no other task depends on: their tables are the job's results.
    pub fn sinks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().enumerate().filter(|(place, _)| self.tasks.children(*place).is_empty()).map(|(_, task)| task)
    }

    /// Whether every parent of this task has completed.
    pub fn parents_completed(&self, task: &Task) -> bool {
        self.tasks.place(&task.name).is_some_and(|place| self.tasks.parents_completed(place))
    }

    /// Queued tasks whose parents have all completed, with their places.
    pub fn unblocked(&self) -> impl Iterator<Item = (usize, &Task)> {
        self.tasks.iter().enumerate().filter(|(place, _)| self.is_unblocked(*place))
    }

    /// Whether the task at this place is queued, and its parents have all completed.
    pub fn is_unblocked(&self, place: usize) -> bool {
        self.tasks.get(place).is_some_and(|task| task.status == Status::Queued) && self.tasks.parents_completed(place)
    }

    /// Earliest time at which this task may start, as far as `run_at` and backoff say.
    pub fn not_before(&self, task: &Task) -> Option<Timestamp> {
        self.run_at.max(task.not_before)
    }

    /// Why this queued task cannot start now, as far as the job itself says; `None` where it could.
    pub fn waiting(&self, task: &Task, now: Timestamp) -> Option<Waiting> {
        if task.status != Status::Queued {
            None
        } else if !self.parents_completed(task) {
            Some(Waiting::Parents)
        } else if task.not_before.is_some_and(|at| at > now) {
            Some(Waiting::Backoff)
        } else if self.run_at.is_some_and(|at| at > now) {
            Some(Waiting::Scheduled)
        } else {
            None
        }
    }

    /// The first failure among the tasks, parents first; set where the job failed or was cancelled.
    pub fn error(&self) -> Option<&Failure> {
        let of = |status| self.tasks.iter().find(|task| task.status == status).and_then(|task| task.error.as_ref());
        match self.status {
            Status::Failed => of(Status::Failed),
            Status::Cancelled => of(Status::Cancelled),
            Status::Queued | Status::Running | Status::Completed => None,
        }
    }
}
