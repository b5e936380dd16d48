//! `GET /edge/v1/proc/tasks/errors`: tasks that failed, and why.

use std::sync::Arc;

use analyte_core::job::Status;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aiware::detail::task::EngineNames;
use crate::aiware::envelope::Part;
use crate::aiware::error::Refusal;
use crate::aiware::ids::lookup::{self, Found};
use crate::aiware::ids::task_id;
use crate::aiware::query::Asked;
use crate::aiware::status;
use crate::aiware::walk::{self, Next, Window};
use crate::entry::auth::Caller;
use crate::native::json::Time;
use crate::native::listing::{Items, Listing, Part as Written};
use crate::shared::Shared;

/// How many errors are answered where no number is asked for.
const USUAL: usize = 100;

#[derive(Serialize, ToSchema)]
struct ErrorsBody {
    success: bool,
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    error: Option<()>,
    #[schema(value_type = Vec<TaskError>)]
    result: [(); 0],
    count: u64,
    offset: u64,
    limit: usize,
    #[serde(rename = "startDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Time>,
    #[serde(rename = "endDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Time>,
}

/// A task that failed.
#[derive(Serialize, ToSchema)]
struct TaskError<'a> {
    #[serde(rename = "taskID")]
    #[schema(value_type = String, format = "uuid")]
    task: Uuid,
    #[serde(rename = "jobID")]
    #[schema(value_type = String, format = "uuid")]
    job: Uuid,
    #[serde(flatten)]
    engine: EngineNames<'a>,
    #[serde(rename = "categoryID")]
    #[schema(value_type = String, format = "uuid")]
    category: Uuid,
    #[serde(rename = "failureReason")]
    reason: &'static str,
    #[serde(rename = "failureDetail")]
    detail: &'a str,
    #[serde(rename = "createdDateTime")]
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    #[serde(rename = "modifiedDateTime")]
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
}

/// Tasks that failed, those of the newest job first.
#[utoipa::path(get, path = "/edge/v1/proc/tasks/errors", operation_id = "task_errors", tag = "tasks",
    params(
        ("startTime" = Option<i64>, Query, description = "Made then or later; seconds since 1970."),
        ("endTime" = Option<i64>, Query, description = "Made then or earlier; seconds since 1970."),
        ("taskID" = Option<String>, Query, description = "Only what has this."),
        ("jobID" = Option<String>, Query, description = "Only what has this."),
        ("errorType" = Option<String>, Query, description = "Only what has this."),
        ("offset" = Option<u64>, Query, description = "How many stand before the part that is asked for."),
        ("limit" = Option<u64>, Query, description = "Most items to answer, up to 10,000; usually 10."),
        ("orderBy" = Option<String>, Query, description = "`createdDateTime`."),
        ("direction" = Option<String>, Query, description = "`ASC` or `DESC`."),
    ),
    responses(
        (status = 200, description = "A part of the list.", body = ErrorsBody),
    ),
)]
pub(crate) async fn errors(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let (manager, organisation) = (&shared.manager, caller.organisation());
    let known = ["startTime", "endTime", "taskID", "jobID", "errorType", "offset", "limit", "orderBy", "direction"];
    let asked = Asked::of(&uri, &known)?;
    let part = Part::of(&asked, Some(USUAL))?;
    let reasons = status::REASONS.map(|reason| (reason, reason));
    let reason = asked.word("errorType", &reasons)?;
    let (window, oldest_first) = (Window::of(&asked)?, walk::oldest_first(&asked)?);
    let task = match asked.text("taskID") {
        Some(id) => Some(lookup::task(manager, organisation, id).await?),
        None => None,
    };
    let job = match asked.text("jobID") {
        Some(id) => Some(lookup::job(manager, organisation, id).await?.id),
        None => None,
    };
    let (mut found, mut count) = (Vec::new(), 0_u64);
    walk::each(manager, organisation, window.query(Some(Status::Failed), oldest_first), |failed| {
        if job.is_some_and(|job| job != failed.id) {
            return Ok(Next::GoOn);
        }
        for (place, one) in failed.tasks.iter().enumerate() {
            let other = task.as_ref().is_some_and(|task| task.job.id != failed.id || task.place != place);
            if one.status != Status::Failed || other || reason.is_some_and(|reason| status::reason(one) != reason) {
                continue;
            }
            if part.has(count) {
                found.push(Found { job: failed.clone(), place });
            }
            count += 1;
        }
        Ok(Next::GoOn)
    })
    .await?;
    let frame = ErrorsBody {
        success: true,
        error: None,
        result: [],
        count,
        offset: part.offset,
        limit: part.limit,
        start: asked.seconds("startTime")?.map(Time),
        end: asked.seconds("endTime")?.map(Time),
    };
    let listing = Listing::within(&frame, found, |found: &Found, part: &mut Written<'_>| {
        serde_json::to_writer(part, &described(found))
    });
    Ok(listing.answer(&shared, organisation, StatusCode::OK, Items::Fetched).await?)
}

fn described(found: &Found) -> Option<TaskError<'_>> {
    let task = found.job.tasks.get(found.place)?;
    let ended = task.finished_at.unwrap_or(Timestamp(0));
    Some(TaskError {
        task: task_id::internal(found.job.id, found.place),
        job: found.job.id.0,
        engine: EngineNames::of(&task.provider, &task.model),
        category: crate::aiware::ids::names::category(&task.provider),
        reason: status::reason(task),
        detail: task.error.as_ref().map_or("", |failure| failure.message.as_str()),
        created: Time(found.job.created_at),
        modified: Time(ended),
    })
}
