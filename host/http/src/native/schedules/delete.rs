//! `DELETE /v1/schedules/{schedule}`

use std::sync::Arc;

use analyte_core::names::ScheduleId;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Removes a schedule with its history. Its jobs stay, also those that have not ended.
#[utoipa::path(delete, path = "/v1/schedules/{schedule}", operation_id = "remove_schedule", tag = "schedules",
    params(("schedule" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    shared.manager.remove_schedule(caller.organisation(), id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
