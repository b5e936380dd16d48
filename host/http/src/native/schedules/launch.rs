//! `POST /v1/schedules/{schedule}/launch`

use std::sync::Arc;

use analyte_core::names::ScheduleId;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::entry::auth::Caller;
use crate::native::jobs::body::JobBody;
use crate::native::jobs::read::get::shown;
use crate::native::jobs::submit::single::put_location;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Submits a job of a schedule now, whether it is active or not and whatever goes on. Its own fire times stay as they are.
#[utoipa::path(post, path = "/v1/schedules/{schedule}/launch", operation_id = "launch_schedule", tag = "schedules",
    params(("schedule" = String, Path, description = "Its id.")),
    responses(
        (status = 201, description = "The job, kept and queued.", body = JobBody, headers(
            ("Location" = String, description = "The address of the job."),
            ("ETag" = String, description = "Changes with the job."),
        )),
        (status = 404, description = "There is none, or its model is gone.", body = ProblemBody),
        (status = 422, description = "Its template does not fit the model any more.", body = ProblemBody),
        (status = 429, description = "The queue is full; see `Retry-After`.", body = ProblemBody),
        (status = 507, description = "The disk is full.", body = ProblemBody),
    )
)]
pub(crate) async fn launch(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    let view = shared.manager.launch_schedule(caller.organisation(), id).await?;
    let mut response = shown(StatusCode::CREATED, &view)?;
    put_location(response.headers_mut(), view.job.id);
    Ok(response)
}
