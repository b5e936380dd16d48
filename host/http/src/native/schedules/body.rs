//! Schedules as clients see them.

use std::collections::BTreeMap;

use analyte_core::document::Document;
use analyte_core::job::{Job, Task};
use analyte_core::names::{JobId, ModelName, ProviderName, ScheduleId, TaskName};
use analyte_core::schedule::{CatchUp, Firing, Outcome, Schedule};
use analyte_core::timestamp::Timestamp;
use analyte_jobs::ScheduleView;
use serde::Serialize;
use utoipa::ToSchema;

use super::when::WhenShownBody;
use crate::native::jobs::body::{ErrorBody, RunLimitsBody};
use crate::native::json::Time;
use crate::native::listing::Part;

/// What fires when.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(crate) struct ScheduleBody<'a> {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: ScheduleId,
    /// A short id, unique in the server and never used twice.
    number: u64,
    /// For people.
    #[schema(example = "nightly")]
    name: &'a str,
    /// For people.
    description: Option<&'a str>,
    /// Your own data.
    #[schema(value_type = Option<serde_json::Value>)]
    custom_data: Option<&'a Document>,
    /// By which rule it fires.
    when: WhenShownBody<'a>,
    /// A rule that is kept with it and by which it does not fire.
    set_aside: Option<WhenShownBody<'a>>,
    /// It does not fire before.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Time>,
    /// It does not fire then or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    stop_at: Option<Time>,
    /// Whether it fires by itself.
    active: bool,
    /// `skip`, `queue` or `cancel-previous`.
    #[schema(example = "skip")]
    overlap: &'static str,
    /// `none`, `one` or `all`.
    #[schema(example = "none")]
    catch_up: &'static str,
    /// For `all`: how far back.
    catch_up_window_ms: Option<u64>,
    /// When it fires next; `null` where it is not active, or fires no more.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_fire_time: Option<Time>,
    /// The fire time of its last job.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_fire_time: Option<Time>,
    /// Its last job.
    #[schema(value_type = Option<String>, format = "uuid")]
    last_job: Option<JobId>,
    /// Fire times that wait for the end of that job.
    #[schema(value_type = Vec<String>)]
    waiting: Vec<Time>,
    /// How many jobs it has submitted.
    jobs: u64,
    /// What it submits.
    template: TemplateBody<'a>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Label of the token that it was made with.
    created_by: Option<&'a str>,
    /// When it was changed last.
    #[schema(value_type = Option<String>, format = DateTime)]
    changed_at: Option<Time>,
    /// Where to go on.
    links: ScheduleLinksBody,
}

/// What a schedule submits, without its table and its parameters.
#[derive(Serialize, ToSchema)]
#[schema(as = Template)]
struct TemplateBody<'a> {
    /// Whose model; of several tasks, that of the first.
    #[schema(value_type = String)]
    provider: &'a ProviderName,
    /// Which model.
    #[schema(value_type = String)]
    model: &'a ModelName,
    /// Its tasks, parents before children.
    tasks: Vec<TemplateTaskBody<'a>>,
    /// Lower runs first.
    priority: i32,
    /// What each run may use.
    limits: RunLimitsBody,
    /// How often each job is tried again by itself.
    retry: TemplateRetryBody,
    /// Your own labels.
    tags: &'a BTreeMap<String, String>,
    /// Your own data.
    #[schema(value_type = Option<serde_json::Value>)]
    custom_data: Option<&'a Document>,
}

/// A task of a template.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateTask)]
struct TemplateTaskBody<'a> {
    /// Unique within its job.
    #[schema(value_type = String, example = "main")]
    name: &'a TaskName,
    /// Whose model.
    #[schema(value_type = String)]
    provider: &'a ProviderName,
    /// Which model.
    #[schema(value_type = String)]
    model: &'a ModelName,
}

/// How often a job is tried again by itself.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateRetry)]
struct TemplateRetryBody {
    /// Tries in all.
    max_attempts: u32,
    /// Wait before the second, in milliseconds.
    backoff_ms: u64,
}

/// Addresses around a schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleLinks)]
struct ScheduleLinksBody {
    #[serde(rename = "self")]
    this: String,
    launch: String,
    next: String,
    jobs: String,
    history: String,
}

/// Part of a list of schedules.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedules)]
pub(crate) struct SchedulesBody<'a> {
    /// Newest first.
    pub(crate) schedules: Vec<ScheduleBody<'a>>,
    /// For `cursor`, to go on; `null` at the end.
    pub(crate) next_cursor: Option<String>,
}

/// The next firings of a schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = NextFirings)]
pub(crate) struct NextFiringsBody {
    /// In order; fewer than asked for where it fires no more after them.
    #[schema(value_type = Vec<String>)]
    pub(crate) fire_times: Vec<Time>,
}

/// Part of the history of a schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Firings)]
pub(crate) struct FiringsBody<'a> {
    /// Newest first.
    pub(crate) firings: Vec<FiringBody<'a>>,
    /// For `cursor`, to go on; `null` at the end.
    pub(crate) next_cursor: Option<String>,
}

/// What became of a fire time.
#[derive(Serialize, ToSchema)]
#[schema(as = Firing)]
pub(crate) struct FiringBody<'a> {
    /// Counted from 1.
    number: u64,
    /// For which fire time; of a launch, when that was.
    #[schema(value_type = String, format = DateTime)]
    fire_time: Time,
    /// When it was noted.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Whether a client asked for it.
    launched: bool,
    /// `job`: a job was submitted; `waiting`: it waits for the end of the job before it, and what then becomes of it is an
    /// entry of its own; `skipped`: the job of an earlier firing had not ended; `missed`: it and those after it, up to
    /// `last`, passed while the server was down; `failed`: no job could be submitted.
    #[schema(example = "job")]
    outcome: &'static str,
    /// The job that was submitted, or the one that had not ended.
    #[schema(value_type = Option<String>, format = "uuid")]
    job: Option<JobId>,
    /// The last fire time that was missed with it.
    #[schema(value_type = Option<String>, format = DateTime)]
    last: Option<Time>,
    /// Why no job could be submitted.
    error: Option<ErrorBody<'a>>,
}

impl<'a> ScheduleBody<'a> {
    /// A template that has no task is none; the store keeps none.
    pub(crate) fn of(view: &'a ScheduleView) -> Option<Self> {
        // Whole, so that the compiler asks whether clients see a new member.
        let Schedule {
            id,
            number,
            organisation: _,
            name,
            description,
            custom_data,
            when,
            set_aside,
            anchor: _,
            start_at,
            stop_at,
            active,
            overlap,
            catch_up,
            template,
            created_at,
            created_by,
            changed_at,
            revision: _,
        } = &*view.schedule;
        let (catch_up, catch_up_window_ms) = match catch_up {
            CatchUp::None => ("none", None),
            CatchUp::One => ("one", None),
            CatchUp::All { window_ms } => ("all", Some(*window_ms)),
        };
        let address = format!("/v1/schedules/{id}");
        Some(Self {
            id: *id,
            number: *number,
            name,
            description: description.as_deref(),
            custom_data: custom_data.as_ref(),
            when: WhenShownBody::of(when),
            set_aside: set_aside.as_ref().map(WhenShownBody::of),
            start_at: start_at.map(Time),
            stop_at: stop_at.map(Time),
            active: *active,
            overlap: overlap.as_str(),
            catch_up,
            catch_up_window_ms,
            next_fire_time: view.next.map(Time),
            last_fire_time: view.state.last_fired.map(Time),
            last_job: view.state.last_job,
            waiting: view.state.waiting.iter().copied().map(Time).collect(),
            jobs: view.state.jobs,
            template: TemplateBody::of(template)?,
            created_at: Time(*created_at),
            created_by: created_by.as_deref(),
            changed_at: changed_at.map(Time),
            links: ScheduleLinksBody {
                launch: format!("{address}/launch"),
                next: format!("{address}/next"),
                jobs: format!("{address}/jobs"),
                history: format!("{address}/history"),
                this: address,
            },
        })
    }
}

impl<'a> TemplateBody<'a> {
    fn of(template: &'a Job) -> Option<Self> {
        let Job {
            tasks,
            priority,
            limits,
            retry,
            tags,
            custom_data,
            // Each job shows its own.
            webhooks: _,
            // What the schedule itself shows, or what a template has none of.
            id: _,
            organisation: _,
            status: _,
            run_at: _,
            created_at: _,
            started_at: _,
            finished_at: _,
            retry_of: _,
            created_by: _,
            schedule: _,
            session: _,
            revision: _,
            history: _,
        } = template;
        let leading = template.leading_task()?;
        let task = |task: &'a Task| TemplateTaskBody { name: &task.name, provider: &task.provider, model: &task.model };
        Some(Self {
            provider: &leading.provider,
            model: &leading.model,
            tasks: tasks.iter().map(task).collect(),
            priority: *priority,
            limits: RunLimitsBody::of(limits),
            retry: TemplateRetryBody { max_attempts: retry.max_attempts, backoff_ms: retry.backoff_ms },
            tags,
            custom_data: custom_data.as_ref(),
        })
    }
}

impl<'a> FiringBody<'a> {
    fn of(firing: &'a Firing) -> Self {
        let Firing { number, fire_time, at, launched, outcome } = firing;
        let (word, job, last, error): (_, _, Option<Timestamp>, _) = match outcome {
            Outcome::Job { job } => ("job", Some(*job), None, None),
            Outcome::Waiting => ("waiting", None, None, None),
            Outcome::Skipped { job } => ("skipped", Some(*job), None, None),
            Outcome::Missed { last } => ("missed", None, Some(*last), None),
            Outcome::Failed { failure } => ("failed", None, None, Some(ErrorBody::of(failure))),
        };
        Self {
            number: *number,
            fire_time: Time(*fire_time),
            at: Time(*at),
            launched: *launched,
            outcome: word,
            job,
            last: last.map(Time),
            error,
        }
    }
}

/// Writes a schedule whose template has a task, as all have.
pub(crate) fn written(view: &ScheduleView, part: &mut Part<'_>) -> serde_json::Result<()> {
    serde_json::to_writer(part, &ScheduleBody::of(view))
}

/// Writes an entry of a history.
pub(crate) fn written_firing(firing: &Firing, part: &mut Part<'_>) -> serde_json::Result<()> {
    serde_json::to_writer(part, &FiringBody::of(firing))
}
