//! A job and its tasks as clients see them.

use std::collections::BTreeMap;

use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::failure::Failure;
use analyte_core::job::{Job, Progress, RunLimits, Status, Task, Tasks};
use analyte_core::names::{JobId, ModelName, ProviderName, ScheduleId, TaskName};
use analyte_jobs::{JobView, WaitingView};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::answer::etag;
use crate::native::json::Time;
use crate::native::listing::Part;
use crate::problem::Details;

/// A request and its state.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobBody<'a> {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: JobId,
    /// `queued`, `running`, `completed`, `failed` or `cancelled`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Why it waits; `null` unless a task of it is queued.
    waiting: Option<WaitingBody>,
    /// Whose model; of several tasks, that of the first which has not ended, or of the last one. So are `model`, `digest`,
    /// `attempt` and `progress`.
    #[schema(value_type = String, example = "statistics")]
    provider: &'a ProviderName,
    /// Which model.
    #[schema(value_type = String, example = "linear-regression")]
    model: &'a ModelName,
    /// The component that runs, pinned at submission.
    #[schema(value_type = String, example = "sha256:…")]
    digest: Digest,
    /// How many tasks are in each state; absent where the job has one task.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_counts: Option<TaskCountsBody>,
    /// The current or last run, counted from 1; 0 = not started yet.
    attempt: u32,
    /// Tries in all, for failures that are tried again by themselves. Runs that a stop or a crash of the server broke off, and
    /// retries by hand, do not count, so `attempt` may be higher.
    max_attempts: u32,
    /// Lower runs first.
    priority: i32,
    /// How far it is; `null` where no run reported any progress.
    progress: Option<ProgressBody<'a>>,
    /// What each run may use.
    limits: RunLimitsBody,
    /// Fuel of the last runs of its tasks.
    fuel_used: u64,
    /// Highest memory of the last runs of its tasks.
    peak_memory_bytes: u64,
    /// Submission.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Label of the token that it was submitted with; `null` for jobs from before there were such.
    created_by: Option<&'a str>,
    /// Not to be started before.
    #[schema(value_type = Option<String>, format = DateTime)]
    run_at: Option<Time>,
    /// First start.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// End.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// Why it failed or was cancelled.
    error: Option<ErrorBody<'a>>,
    /// The job that this one repeats.
    #[schema(value_type = Option<String>, format = "uuid")]
    retry_of: Option<JobId>,
    /// The schedule that submitted it; `null` where a client did.
    schedule: Option<FiredByBody>,
    /// Your own labels.
    tags: &'a BTreeMap<String, String>,
    /// Your own data.
    #[schema(value_type = Option<serde_json::Value>)]
    custom_data: Option<&'a Document>,
    /// Where to go on.
    links: LinksBody<'a>,
}

/// How many tasks of a job are in each state.
#[derive(Serialize, ToSchema, Default)]
#[schema(as = TaskCounts)]
struct TaskCountsBody {
    queued: u32,
    running: u32,
    completed: u32,
    failed: u32,
    cancelled: u32,
}

/// Which schedule a job comes from.
#[derive(Serialize, ToSchema)]
#[schema(as = FiredBy)]
struct FiredByBody {
    /// The schedule.
    #[schema(value_type = String, format = "uuid")]
    id: ScheduleId,
    /// Its short id; `null` where the job was submitted before jobs said it.
    number: Option<u64>,
    /// For which of its fire times; of a launch by hand, when that was.
    #[schema(value_type = String, format = DateTime)]
    fire_time: Time,
}

/// Why a job waits.
#[derive(Serialize, ToSchema)]
#[schema(as = Waiting)]
struct WaitingBody {
    /// `scheduled`, `parents`, `capacity`, `memory`, `quota`, `compiling`, `breaker-open`, `provider-disabled` or
    /// `backoff`.
    #[schema(example = "quota")]
    reason: &'static str,
    /// Which limit says so, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// How many tasks stand before it, where that is known.
    position: Option<u64>,
}

/// How far a run is.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
struct ProgressBody<'a> {
    /// From 0 to 1.
    fraction: f64,
    /// For people.
    message: &'a str,
}

/// What a run may use.
#[derive(Serialize, ToSchema)]
#[schema(as = RunLimits)]
pub(crate) struct RunLimitsBody {
    /// Fuel units.
    fuel: u64,
    /// Bytes.
    memory_bytes: u64,
    /// Milliseconds of wall time.
    timeout_ms: u64,
}

/// Why something failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody<'a> {
    /// A stable word.
    #[schema(example = "out-of-fuel")]
    code: &'static str,
    /// One sentence.
    message: &'a str,
    /// Facts by name; for `analysis-error` the provider's own code stands under `code`.
    #[schema(value_type = BTreeMap<String, String>)]
    details: Details<'a>,
}

/// Addresses around a job or a task.
#[derive(Serialize, ToSchema)]
#[schema(as = Links)]
struct LinksBody<'a> {
    #[serde(rename = "self")]
    #[schema(value_type = String)]
    this: Address<'a>,
    #[schema(value_type = String)]
    results: Address<'a>,
    #[schema(value_type = String)]
    errors: Address<'a>,
    #[schema(value_type = String)]
    files: Address<'a>,
    #[schema(value_type = String)]
    logs: Address<'a>,
    /// A job has one, a task has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    tasks: Option<Address<'a>>,
    /// A job has one, a task has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    events: Option<Address<'a>>,
    /// A job has one, a task has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cancel: Option<Address<'a>>,
    /// A job has one, a task has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    retry: Option<Address<'a>>,
    /// A job has one, a task has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    webhooks: Option<Address<'a>>,
}

impl<'a> LinksBody<'a> {
    /// Around a job, or around this task of it.
    fn around(job: JobId, task: Option<&'a TaskName>) -> Self {
        let of_job = |part| task.is_none().then_some(Address(job, None, part));
        Self {
            this: Address(job, task, ""),
            results: Address(job, task, "/results"),
            errors: Address(job, task, "/errors"),
            files: Address(job, task, "/files"),
            logs: Address(job, task, "/logs"),
            tasks: of_job("/tasks"),
            events: of_job("/events"),
            cancel: of_job("/cancel"),
            retry: of_job("/retry"),
            webhooks: of_job("/webhooks"),
        }
    }
}

/// The address of a part of a job or of one of its tasks; no text is made for it before it is written.
struct Address<'a>(JobId, Option<&'a TaskName>, &'static str);

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Some(task) => serializer.collect_str(&format_args!("/v1/jobs/{}/tasks/{task}{}", self.0, self.2)),
            None => serializer.collect_str(&format_args!("/v1/jobs/{}{}", self.0, self.2)),
        }
    }
}

/// One task of a job.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskBody<'a> {
    /// Unique within its job.
    #[schema(value_type = String, example = "main")]
    name: &'a TaskName,
    /// `queued`, `running`, `completed`, `failed` or `cancelled`.
    status: &'static str,
    /// Whose model.
    #[schema(value_type = String)]
    provider: &'a ProviderName,
    /// Which model.
    #[schema(value_type = String)]
    model: &'a ModelName,
    /// The component that runs, pinned at submission.
    #[schema(value_type = String)]
    digest: Digest,
    /// Tasks that must complete first.
    #[schema(value_type = Vec<String>)]
    parents: &'a [TaskName],
    /// Tasks whose results are its input, in the order of their rows; empty where it was submitted with a table.
    #[schema(value_type = Vec<String>)]
    results_of: &'a [TaskName],
    /// The current or last run, counted from 1; 0 = not started yet.
    attempt: u32,
    /// How far it is.
    progress: Option<ProgressBody<'a>>,
    /// Fuel of the last run.
    fuel_used: u64,
    /// Highest memory of the last run.
    peak_memory_bytes: u64,
    /// Start of the current or last run.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// Its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// Why it failed or was cancelled; while it is queued again, why its last run failed.
    error: Option<ErrorBody<'a>>,
    /// What you should know about its input or result.
    warnings: &'a [String],
    /// Where to go on.
    links: LinksBody<'a>,
}

/// Part of a list of jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub(crate) struct JobsBody<'a> {
    /// Newest first. May be fewer than asked for even where there are more.
    pub(crate) jobs: Vec<JobBody<'a>>,
    /// For `cursor`, to go on; `null` at the end.
    pub(crate) next_cursor: Option<String>,
}

/// Writes a job that has a task, as all have.
pub(crate) fn written(view: &JobView, part: &mut Part<'_>) -> serde_json::Result<()> {
    serde_json::to_writer(part, &JobBody::of(view))
}

/// The tasks of a job.
#[derive(Serialize, ToSchema)]
#[schema(as = Tasks)]
pub(crate) struct TasksBody<'a> {
    /// Parents before children.
    pub(crate) tasks: Vec<TaskBody<'a>>,
}

impl<'a> JobBody<'a> {
    /// A job that has no task is no job; the store keeps none.
    pub(crate) fn of(view: &'a JobView) -> Option<Self> {
        // Whole, so that the compiler asks whether clients see a new member.
        let Job {
            id,
            organisation: _,
            status,
            tasks,
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
            session: _,
            tags,
            custom_data,
            // Shown by their own call.
            webhooks: _,
            revision: _,
            history: _,
        } = &*view.job;
        let task = view.task()?;
        Some(Self {
            id: *id,
            status: status.as_str(),
            waiting: view.waiting.as_ref().map(WaitingBody::of),
            provider: &task.provider,
            model: &task.model,
            digest: task.digest,
            task_counts: (tasks.len() > 1).then(|| TaskCountsBody::of(tasks)),
            attempt: task.attempt.0,
            max_attempts: retry.max_attempts,
            priority: *priority,
            progress: view.progress.as_ref().map(ProgressBody::of),
            limits: RunLimitsBody::of(limits),
            fuel_used: tasks.iter().fold(0, |sum: u64, task| sum.saturating_add(task.usage.fuel)),
            peak_memory_bytes: tasks.iter().map(|task| task.usage.peak_memory_bytes).max().unwrap_or(0),
            created_at: Time(*created_at),
            created_by: created_by.as_deref(),
            run_at: run_at.map(Time),
            started_at: started_at.map(Time),
            finished_at: finished_at.map(Time),
            error: view.job.error().map(ErrorBody::of),
            retry_of: *retry_of,
            schedule: schedule.map(|by| FiredByBody { id: by.id, number: by.number, fire_time: Time(by.fire_time) }),
            tags,
            custom_data: custom_data.as_ref(),
            links: LinksBody::around(*id, None),
        })
    }
}

impl<'a> TaskBody<'a> {
    pub(crate) fn of(view: &'a JobView, task: &'a Task) -> Self {
        let Task {
            name,
            provider,
            model,
            digest,
            parents,
            input,
            status,
            attempt,
            started_at,
            finished_at,
            usage,
            progress,
            error,
            warnings,
            // Answered by calls of their own.
            parameters: _,
            result: _,
            files: _,
            log: _,
            // The server's own.
            model_file: _,
            limits: _,
            grants: _,
            lease: _,
            failures: _,
            crashes: _,
            not_before: _,
        } = task;
        // Only the task that stands for the job shows its progress live.
        let live = view.task().filter(|own| own.name == *name).and(view.progress.as_ref());
        Self {
            name,
            status: status.as_str(),
            provider,
            model,
            digest: *digest,
            parents,
            results_of: input.results_of(),
            attempt: attempt.0,
            progress: live.or(progress.as_ref()).map(ProgressBody::of),
            fuel_used: usage.fuel,
            peak_memory_bytes: usage.peak_memory_bytes,
            started_at: started_at.map(Time),
            finished_at: finished_at.map(Time),
            error: error.as_ref().map(ErrorBody::of),
            warnings,
            links: LinksBody::around(view.job.id, Some(name)),
        }
    }
}

impl TaskCountsBody {
    fn of(tasks: &Tasks) -> Self {
        let mut counts = Self::default();
        for task in tasks {
            *match task.status {
                Status::Queued => &mut counts.queued,
                Status::Running => &mut counts.running,
                Status::Completed => &mut counts.completed,
                Status::Failed => &mut counts.failed,
                Status::Cancelled => &mut counts.cancelled,
            } += 1;
        }
        counts
    }
}

impl RunLimitsBody {
    pub(crate) fn of(limits: &RunLimits) -> Self {
        let RunLimits { fuel, memory_bytes, timeout_ms } = *limits;
        Self { fuel, memory_bytes, timeout_ms }
    }
}

impl WaitingBody {
    fn of(waiting: &WaitingView) -> Self {
        Self { reason: waiting.reason.as_str(), detail: waiting.detail.clone(), position: waiting.position }
    }
}

impl<'a> ProgressBody<'a> {
    fn of(progress: &'a Progress) -> Self {
        Self { fraction: progress.fraction, message: &progress.message }
    }
}

impl<'a> ErrorBody<'a> {
    pub(crate) fn of(failure: &'a Failure) -> Self {
        Self { code: failure.code.as_str(), message: &failure.message, details: Details(&failure.details) }
    }
}

/// The entity tag of a job that looks like this. What an unfinished job tells changes without a new revision (progress,
/// why it waits), so there the text counts as well.
pub(crate) fn entity_tag(job: &Job, text: &[u8]) -> String {
    if job.status.ended() { etag::of_revision(job.revision) } else { etag::of_revision_and_text(job.revision, text) }
}
