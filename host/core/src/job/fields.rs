//! A job as a query sees it: the names of its JSON form, with a dot where one object stands in another.
//!
//! `provider`, `model` and `digest` are those of the first task; the indexes know the providers and models of all tasks. What a run changes (attempt,
//! progress, usage, error) is that of the task that stands for the job. `status.rank` is a number to sort by. `run_at`,
//! `started_at` and `finished_at` are missing as long as the job has no such time.

use crate::job::{Job, Status, Task};
use crate::query::{Field, Fields};

/// What comes before the key of a single tag.
const TAG: &str = "tags.";

/// Every name that [`Fields`] knows of a job, but for those of tags.
pub const NAMES: &[&str] = &[
    "id",
    "status",
    "status.rank",
    "provider",
    "model",
    "digest",
    "attempt",
    "max_attempts",
    "priority",
    "fuel_used",
    "peak_memory_bytes",
    "created_at",
    "run_at",
    "started_at",
    "finished_at",
    "retry_of",
    "created_by",
    "tags",
    "custom_data",
    "error",
    "progress",
    "limits",
    "error.code",
    "error.message",
    "limits.fuel",
    "limits.memory_bytes",
    "limits.timeout_ms",
    "progress.fraction",
    "progress.message",
];

/// Whether a job can have a field of this name.
pub fn is_field(name: &str) -> bool {
    NAMES.contains(&name) || name.starts_with(TAG)
}

impl Job {
    /// The task that stands for the job where one has to: the first that has not ended, else the last.
    pub fn standing(&self) -> Option<&Task> {
        self.tasks.iter().find(|task| !task.status.ended()).or(self.tasks.last())
    }
}

/// Where a state stands in an order from done to not begun: completed, ended otherwise, running, queued.
fn rank(status: Status) -> i64 {
    match status {
        Status::Completed => 0,
        Status::Failed | Status::Cancelled => 1,
        Status::Running => 2,
        Status::Queued => 3,
    }
}

impl Fields for Job {
    fn field(&self, name: &str) -> Field<'_> {
        let leading = || self.leading_task();
        let standing = || self.standing();
        let usage = || standing().map(|task| task.usage);
        let progress = || standing().and_then(|task| task.progress.as_ref());
        match name {
            "id" => Field::text(self.id.to_string()),
            "status" => Field::text(self.status.as_str()),
            "status.rank" => Field::Integer(rank(self.status)),
            "provider" => leading().map(|task| task.provider.as_str()).into(),
            "model" => leading().map(|task| task.model.as_str()).into(),
            "digest" => leading().map(|task| task.digest.to_string()).into(),
            "attempt" => standing().map(|task| i64::from(task.attempt.0)).into(),
            "max_attempts" => Field::Integer(self.retry.max_attempts.into()),
            "priority" => Field::Integer(self.priority.into()),
            "fuel_used" => usage().map(|usage| usage.fuel).into(),
            "peak_memory_bytes" => usage().map(|usage| usage.peak_memory_bytes).into(),
            "created_at" => Field::Datetime(self.created_at),
            "run_at" => self.run_at.into(),
            "started_at" => self.started_at.into(),
            "finished_at" => self.finished_at.into(),
            "retry_of" => self.retry_of.map(|id| id.to_string()).into(),
            "created_by" => self.created_by.as_deref().into(),
            "tags" => Field::Tags(self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()),
            "custom_data" => self.custom_data.as_ref().map_or(Field::Missing, |_| Field::Other),
            "error" => self.error().map_or(Field::Missing, |_| Field::Other),
            "progress" => progress().map_or(Field::Missing, |_| Field::Other),
            "limits" => Field::Other,
            "error.code" => self.error().map(|failure| failure.code.as_str()).into(),
            "error.message" => self.error().map(|failure| failure.message.as_str()).into(),
            "limits.fuel" => self.limits.fuel.into(),
            "limits.memory_bytes" => self.limits.memory_bytes.into(),
            "limits.timeout_ms" => self.limits.timeout_ms.into(),
            "progress.fraction" => progress().map(|progress| progress.fraction).into(),
            "progress.message" => progress().map(|progress| progress.message.as_str()).into(),
            _ => name.strip_prefix(TAG).and_then(|key| self.tags.get(key)).map(String::as_str).into(),
        }
    }
}
