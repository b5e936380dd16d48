//! `DELETE /v1/jobs/{job}`

use std::sync::Arc;

use analyte_core::names::JobId;
use analyte_jobs::Right;
use axum::extract::State;
use http::StatusCode;

use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Removes an ended job with its input, results, files and logs.
#[utoipa::path(delete, path = "/v1/jobs/{job}", operation_id = "purge_job", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none.", body = ProblemBody),
        (status = 409, description = "It has not ended; cancel it first.", body = ProblemBody),
    )
)]
pub(crate) async fn purge(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<JobId>,
) -> Result<StatusCode, Problem> {
    caller.require(Right::JobsWrite)?;
    shared.manager.purge(caller.organisation(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
