//! `POST /edge/v1/proc/tasks/update_status`: aborts tasks that wait.
//!
//! Every task is looked for before one is changed. Each is then aborted in a step of its own; where one has begun meanwhile,
//! the call is refused, and says how many were aborted before it.

use std::sync::Arc;

use analyte_core::job::Status;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::aiware::body::received;
use crate::aiware::envelope::Success;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::request::json_body::{self, Member};
use crate::shared::Shared;

/// What one id may take as JSON.
const ID_JSON_BYTES: u64 = 128;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateBody<'a> {
    #[serde(borrow, rename = "taskIDs", alias = "taskIds")]
    #[schema(value_type = Vec<String>)]
    tasks: Member<'a, Vec<String>>,
    #[serde(rename = "taskStatus")]
    status: String,
}

/// Aborts tasks.
#[utoipa::path(post, path = "/edge/v1/proc/tasks/update_status", operation_id = "abort_tasks", tag = "tasks",
    request_body(content = UpdateBody, content_type = "application/json"),
    responses(
        (status = 200, description = "They are aborted.", body = Success),
    ),
)]
pub(crate) async fn update_status(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let most = shared.limits.tasks;
    let longest = most.saturating_mul(ID_JSON_BYTES).saturating_add(ID_JSON_BYTES);
    let received = received(&shared, &caller, Some(Right::JobsWrite), request, longest).await?;
    let UpdateBody { tasks, status } = json_body::read(&received.bytes)?;
    if !status.eq_ignore_ascii_case("aborted") {
        let message = "must be `aborted`: the other states follow from what the tasks do";
        return Err(Refusal::at(ErrorId::InvalidInput, "/taskStatus", message));
    }
    let ids: Vec<String> = tasks.items("/taskIDs", ("tasks", most), ID_JSON_BYTES)?;
    if ids.is_empty() || ids.len() as u64 > most {
        let message = format!("must name 1 to {most} tasks (limit tasks)");
        return Err(Refusal::at(ErrorId::InvalidInput, "/taskIDs", message));
    }
    let mut found = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        let task = lookup::task(&shared.manager, caller.organisation(), id).await?;
        if task.task()?.status != Status::Queued {
            let message = "names a task that does not wait, so none is aborted";
            return Err(Refusal::at(ErrorId::WrongState, &format!("/taskIDs/{place}"), message));
        }
        found.push((task.job.id, task.task()?.name.clone()));
    }
    for (aborted, (job, task)) in found.iter().enumerate() {
        let done = shared.manager.abort_task(caller.organisation(), *job, task).await;
        done.map_err(|error| Refusal::from(error).about(&format!("{aborted} tasks were aborted, then")))?;
    }
    Ok(json::answer(StatusCode::OK, &Success { success: true, error: None }))
}
