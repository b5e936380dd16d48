//! A job as a query sees it: the names of its JSON form, with a dot where one object stands in another.
//!
//! `provider`, `model` and `digest` are those of the first task; the indexes know the providers and models of all tasks. What a run changes (attempt,
//! progress, usage, error) is that of the task that stands for the job. `status.rank` is a number to sort by. `run_at`,
//! `started_at` and `finished_at` are missing as long as the job has no such time.

use crate::job::{Job, Progress, Status, Task, Usage};
use crate::query::{Field, Fields};

/// What comes before the key of a single tag.
const TAG: &str = "tags.";

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

fn usage(job: &Job) -> Option<Usage> {
    job.standing().map(|task| task.usage)
}

fn progress(job: &Job) -> Option<&Progress> {
    job.standing().and_then(|task| task.progress.as_ref())
}

/// The names and what each is of a job, in one list.
macro_rules! fields {
    ($job:ident, $members:pat => { $($name:literal => $value:expr,)* }) => {
        /// Every name that [`Fields`] knows of a job, but for those of tags.
        pub const NAMES: &[&str] = &[$($name),*];

        /// The field of this name; `None`: no field of a job has it, but a tag may.
        fn named<'a>($job: &'a Job, name: &str) -> Option<Field<'a>> {
            // Whole, so that the compiler asks about a new member.
            let $members = $job;
            Some(match name {
                $($name => $value,)*
                _ => return None,
            })
        }
    };
}

fields! {
    job,
    Job {
        id,
        status,
        priority,
        run_at,
        created_at,
        started_at,
        finished_at,
        limits,
        retry,
        retry_of,
        created_by,
        schedule,
        tags,
        custom_data,
        // Through the task that a field is about.
        tasks: _,
        // Not shown to clients, who see the jobs of their own organisation only.
        organisation: _,
        session: _,
        webhooks: _,
        revision: _,
        history: _,
    } => {
        "id" => Field::text(id.to_string()),
        "status" => Field::text(status.as_str()),
        "status.rank" => Field::Integer(rank(*status)),
        "provider" => job.leading_task().map(|task| task.provider.as_str()).into(),
        "model" => job.leading_task().map(|task| task.model.as_str()).into(),
        "digest" => job.leading_task().map(|task| task.digest.to_string()).into(),
        "attempt" => job.standing().map(|task| i64::from(task.attempt.0)).into(),
        "max_attempts" => Field::Integer(retry.max_attempts.into()),
        "priority" => Field::Integer(i64::from(*priority)),
        "fuel_used" => usage(job).map(|usage| usage.fuel).into(),
        "peak_memory_bytes" => usage(job).map(|usage| usage.peak_memory_bytes).into(),
        "created_at" => Field::Datetime(*created_at),
        "run_at" => (*run_at).into(),
        "started_at" => (*started_at).into(),
        "finished_at" => (*finished_at).into(),
        "retry_of" => retry_of.map(|id| id.to_string()).into(),
        "created_by" => created_by.as_deref().into(),
        "schedule" => schedule.map_or(Field::Missing, |_| Field::Other),
        "schedule.id" => schedule.map(|by| by.id.to_string()).into(),
        "schedule.fire_time" => schedule.map(|by| by.fire_time).into(),
        "tags" => Field::Tags(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()),
        "custom_data" => custom_data.as_ref().map_or(Field::Missing, |_| Field::Other),
        "error" => job.error().map_or(Field::Missing, |_| Field::Other),
        "progress" => progress(job).map_or(Field::Missing, |_| Field::Other),
        "limits" => Field::Other,
        "error.code" => job.error().map(|failure| failure.code.as_str()).into(),
        "error.message" => job.error().map(|failure| failure.message.as_str()).into(),
        "limits.fuel" => limits.fuel.into(),
        "limits.memory_bytes" => limits.memory_bytes.into(),
        "limits.timeout_ms" => limits.timeout_ms.into(),
        "progress.fraction" => progress(job).map(|progress| progress.fraction).into(),
        "progress.message" => progress(job).map(|progress| progress.message.as_str()).into(),
    }
}

impl Fields for Job {
    fn field(&self, name: &str) -> Field<'_> {
        let tag = || name.strip_prefix(TAG).and_then(|key| self.tags.get(key)).map(String::as_str).into();
        named(self, name).unwrap_or_else(tag)
    }
}
