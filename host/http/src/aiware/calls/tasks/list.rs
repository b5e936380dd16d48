//! `GET /edge/v1/proc/tasks`
//!
//! Tasks are kept within their jobs, so the jobs that fit are gone through, and the tasks of each in their order.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::Organisation;
use analyte_jobs::{ListQuery, Right};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use crate::aiware::detail::job::RECORDING;
use crate::aiware::detail::task::TaskDetail;
use crate::aiware::envelope::{ListEnvelope, Part};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup::{self, Found};
use crate::aiware::ids::{engines, names};
use crate::aiware::query::Asked;
use crate::aiware::status;
use crate::aiware::walk::{self, Next, WINDOW, Window};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part as Written};
use crate::shared::Shared;

/// About how many bytes a task takes in memory while it waits to be written.
const TASK_BYTES: u64 = 2_048;

/// What may be asked for beside a window.
const NAMES: [&str; 17] = [
    "offset",
    "limit",
    "orderBy",
    "direction",
    "status",
    "taskID",
    "coreTaskID",
    "jobID",
    "coreJobID",
    "engineID",
    "engineCategoryID",
    "organizationID",
    "recordingID",
    "mediaSourceID",
    "errorType",
    "backlog",
    "alloc",
];

/// Tasks for which all conditions hold, those of the newest job first.
#[utoipa::path(get, path = "/edge/v1/proc/tasks", operation_id = "tasks", tag = "tasks",
    params(
        ("offset" = Option<u64>, Query, description = "How many stand before the part that is asked for."),
        ("limit" = Option<u64>, Query, description = "Most items to answer, up to 10,000; usually 10."),
        ("orderBy" = Option<String>, Query, description = "`createdDateTime`."),
        ("direction" = Option<String>, Query, description = "`ASC` or `DESC`."),
        ("status" = Option<String>, Query, description = "In this state."),
        ("taskID" = Option<String>, Query, description = "Only what has this."),
        ("coreTaskID" = Option<String>, Query, description = "Only what has this."),
        ("jobID" = Option<String>, Query, description = "Only what has this."),
        ("coreJobID" = Option<String>, Query, description = "Only what has this."),
        ("engineID" = Option<String>, Query, description = "Only what has this."),
        ("engineCategoryID" = Option<String>, Query, description = "Only what has this."),
        ("organizationID" = Option<String>, Query, description = "The UUID or the name of the organisation."),
        ("recordingID" = Option<String>, Query, description = "Only what has this."),
        ("mediaSourceID" = Option<String>, Query, description = "Has no meaning here: 501."),
        ("errorType" = Option<String>, Query, description = "Only what has this."),
        ("backlog" = Option<String>, Query, description = "Has no meaning here: 501."),
        ("alloc" = Option<String>, Query, description = "Has no meaning here: 501."),
        ("startTime" = Option<i64>, Query, description = "Made then or later; seconds since 1970."),
        ("endTime" = Option<i64>, Query, description = "Made then or earlier; seconds since 1970."),
        ("CreatedBefore" = Option<i64>, Query, description = "Made before; seconds since 1970."),
        ("CreatedAfter" = Option<i64>, Query, description = "Made after; seconds since 1970."),
        ("modifiedBefore" = Option<i64>, Query, description = "Changed last before; seconds since 1970."),
        ("modifiedAfter" = Option<i64>, Query, description = "Changed last after; seconds since 1970."),
    ),
    responses(
        (status = 200, description = "A part of the list.", body = ListEnvelope<TaskDetail>),
    ),
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let asked = Asked::of(&uri, &[&NAMES[..], &WINDOW].concat())?;
    let part = Part::of(&asked, None)?;
    let (tasks, count) = found(&shared, caller.organisation(), &asked, part).await?;
    let bytes = TASK_BYTES.saturating_mul(tasks.len() as u64);
    let _held = shared.manager.reserve_memory(caller.organisation(), bytes)?;
    let written = |found: &Found, part: &mut Written<'_>| {
        serde_json::to_writer(part, &TaskDetail::of(&found.job, found.place, None))
    };
    let frame = ListEnvelope::<()>::of(Vec::new(), count, part);
    let listing = Listing::within(&frame, tasks, written);
    Ok(listing.answer(&shared, caller.organisation(), StatusCode::OK, Items::Fetched).await?)
}

/// Which tasks are asked for.
struct Wanted {
    window: Window,
    status: Option<&'static str>,
    reason: Option<&'static str>,
    task: Option<String>,
    engine: Option<String>,
    category: Option<String>,
    recording: Option<String>,
}

impl Wanted {
    /// Whether the task at this place of the job is one of them.
    fn has(&self, job: &Job, place: usize) -> bool {
        let Some(task) = job.tasks.get(place) else { return false };
        let is = |asked: &Option<String>, own: &dyn Fn() -> String| {
            asked.as_ref().is_none_or(|asked| asked.eq_ignore_ascii_case(&own()))
        };
        self.status.is_none_or(|status| status::of_task(task) == status)
            && self.reason.is_none_or(|reason| status::reason(task) == reason)
            && is(&self.engine, &|| names::engine(&task.provider, &task.model).to_string())
            && is(&self.category, &|| names::category(&task.provider).to_string())
            && self.recording.as_ref().is_none_or(|value| job.tags.get(RECORDING) == Some(value))
            && self.window.has(job)
            && self.window.from.is_none_or(|from| job.created_at >= from)
            && self.window.before.is_none_or(|before| job.created_at < before)
    }
}

/// The tasks of this part, and how many there are in all.
async fn found(
    shared: &Shared,
    organisation: &Organisation,
    asked: &Asked,
    part: Part,
) -> Result<(Vec<Found>, u64), Refusal> {
    let manager = &shared.manager;
    let text = |name: &str| asked.text(name).map(str::to_owned);
    let reasons = status::REASONS.map(|reason| (reason, reason));
    for name in ["mediaSourceID", "backlog", "alloc"] {
        if asked.text(name).is_some() {
            let detail = format!("the query parameter `{name}` has no meaning here");
            return Err(Refusal::new(ErrorId::NotImplemented, detail));
        }
    }
    let mut wanted = Wanted {
        window: Window::of(asked)?,
        status: asked.word("status", &status::words())?,
        reason: asked.word("errorType", &reasons)?,
        task: text("taskID").or_else(|| text("coreTaskID")),
        engine: None,
        category: text("engineCategoryID"),
        recording: text("recordingID"),
    };
    let oldest_first = walk::oldest_first(asked)?;
    // What is another organisation's is not there.
    if asked.text("organizationID").is_some_and(|id| !names::is_organisation(id, organisation)) {
        return Ok((Vec::new(), 0));
    }
    let mut query = wanted.window.query(None, oldest_first);
    query.tag = wanted.recording.as_ref().map(|value| (RECORDING.to_owned(), value.clone()));
    if let Some(engine) = asked.text("engineID") {
        let Some((provider, model)) = engines::one(shared, organisation, engine).await? else {
            return Ok((Vec::new(), 0));
        };
        wanted.engine = Some(names::engine(&provider, &model).to_string());
        query = ListQuery { provider: Some(provider), model: Some(model), ..query };
    }
    let (mut tasks, mut count) = (Vec::new(), 0_u64);
    let mut see = |job: Arc<Job>, only: Option<usize>| {
        for place in (0..job.tasks.len()).filter(|place| only.is_none_or(|only| only == *place)) {
            if wanted.has(&job, place) {
                if part.has(count) {
                    tasks.push(Found { job: job.clone(), place });
                }
                count += 1;
            }
        }
    };
    if let Some(id) = &wanted.task {
        let found = there(lookup::task(manager, organisation, id).await)?;
        if let Some(Found { job, place }) = found {
            let job_asked = asked.text("jobID").or(asked.text("coreJobID"));
            let of_other = match job_asked {
                Some(id) => there(lookup::job(manager, organisation, id).await)?.is_none_or(|other| other.id != job.id),
                None => false,
            };
            if !of_other {
                see(job, Some(place));
            }
        }
    } else if let Some(id) = asked.text("jobID").or(asked.text("coreJobID")) {
        if let Some(job) = there(lookup::job(manager, organisation, id).await)? {
            see(job, None);
        }
    } else {
        walk::each(manager, organisation, query, |job| {
            see(job, None);
            Ok(Next::GoOn)
        })
        .await?;
    }
    Ok((tasks, count))
}

/// What was found; `None`: there is no such thing, which a list leaves out.
fn there<T>(found: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(refusal) if refusal.id() == ErrorId::NotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
