//! `GET /edge/v1/proc/task/{task}/detail`

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::aiware::detail::task::TaskDetail;
use crate::aiware::envelope::TaskEnvelope;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::shared::Shared;

/// The longest parameters, in bytes, that are part of the answer.
const SHORT: u64 = 128 * 1024;

/// A task, with its parameters where they are short.
#[utoipa::path(get, path = "/edge/v1/proc/task/{task}/detail", operation_id = "task_detail", tag = "tasks",
    params(
        ("task" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "The task.", body = TaskEnvelope<TaskDetail>),
    ),
)]
pub(crate) async fn detail(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let found = lookup::task(&shared.manager, caller.organisation(), &id).await?;
    let task = found.task()?;
    let parameters = if task.parameters.bytes <= SHORT {
        match shared.manager.parameters(&found.job, task).await {
            Ok(bytes) => Some(bytes),
            // The job went meanwhile, with all that belongs to it.
            Err(error) if error.code() == Code::NotFound => None,
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    let text = parameters.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let gone = || Refusal::new(ErrorId::NotFound, "there is no such task");
    let task = TaskDetail::of(&found.job, found.place, text).ok_or_else(gone)?;
    Ok(json::answer(StatusCode::OK, &TaskEnvelope { task }))
}
