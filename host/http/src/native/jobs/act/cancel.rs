//! `POST /v1/jobs/{job}/cancel`

use std::sync::Arc;

use analyte_core::names::JobId;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::entry::auth::Caller;
use crate::native::jobs::body::JobBody;
use crate::native::jobs::read::get::shown;
use crate::native::path_and_query::Segments;
use crate::native::table::put_warnings;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Cancels a job: a queued one never starts, a running one is stopped. Twice is harmless.
#[utoipa::path(post, path = "/v1/jobs/{job}/cancel", operation_id = "cancel_job", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The cancelled job. Its run has gone, unless a warning says that it is still being stopped.", body = JobBody,
            headers(("Analyte-Warning" = String, description = "That the run is still being stopped."))),
        (status = 404, description = "There is none.", body = ProblemBody),
        (status = 409, description = "It has completed or failed.", body = ProblemBody),
    )
)]
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<JobId>,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    let view = shared.manager.cancel(caller.organisation(), id).await?;
    let mut response = shown(StatusCode::OK, &view)?;
    if view.being_stopped {
        put_warnings(response.headers_mut(), &["the job is cancelled, and its run is still being stopped".to_owned()]);
    }
    Ok(response)
}
