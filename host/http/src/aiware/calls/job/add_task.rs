//! `POST /edge/v1/proc/job/{job}/addtask`: one task more, as long as nothing of the job has begun.

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::create;
use super::create::body::AddTaskBody;
use crate::aiware::body::received;
use crate::aiware::detail::task::TaskDetail;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::request::body::Received;
use crate::shared::Shared;

/// `{"task": …}`, and that nothing went wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedBody<T> {
    pub(super) task: T,
    pub(super) success: bool,
    /// Nothing: what goes wrong is answered as an error.
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    pub(super) error: Option<()>,
}

/// Adds a task, as the last one.
#[utoipa::path(post, path = "/edge/v1/proc/job/{job}/addtask", operation_id = "add_task", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    request_body(content = AddTaskBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The new task.", body = AddedBody<TaskDetail>),
    ),
)]
pub(crate) async fn add_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let most = shared.limits.body_bytes;
    let Received { bytes, mut reserved } = received(&shared, &caller, Some(Right::JobsWrite), request, most).await?;
    // The payload is a text within the body, and is written out beside it.
    reserved.push(shared.manager.reserve_memory(caller.organisation(), bytes.len() as u64)?);
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    let asked = create::added(&shared, &caller, &job, bytes).await?;
    // The table holds what is needed of the body.
    drop(reserved);
    let name = asked.name.clone();
    let job = shared.manager.add_task(caller.organisation(), job.id, asked).await?;
    let lost = || Refusal::new(ErrorId::InternalError, "the task was added, and the job does not have it");
    let place = job.tasks.place(&name).ok_or_else(lost)?;
    let task = TaskDetail::of(&job, place, None).ok_or_else(lost)?;
    Ok(json::answer(StatusCode::OK, &AddedBody { task, success: true, error: None }))
}
