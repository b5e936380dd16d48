//! `GET /edge/v1/proc/job/{job}/status` and `recheck_status`: a state is never stale here, so both are the same.

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aiware::envelope::JobEnvelope;
use crate::aiware::error::Refusal;
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::aiware::status;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::shared::Shared;

#[derive(Serialize, ToSchema)]
struct StatusBody {
    #[serde(rename = "internalJobID")]
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    #[serde(rename = "jobStatus")]
    status: &'static str,
}

/// The state of a job, which is never stale: the same as `status`.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/recheck_status", operation_id = "recheck_job_status", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "Its state.", body = JobEnvelope<StatusBody>),
    ),
)]
pub(crate) async fn recheck_status(
    state: State<Arc<Shared>>,
    caller: Caller,
    id: Segments<String>,
) -> Result<Response, Refusal> {
    status(state, caller, id).await
}

/// The state of a job.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/status", operation_id = "job_status", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "Its state.", body = JobEnvelope<StatusBody>),
    ),
)]
pub(crate) async fn status(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    let body = StatusBody { id: job.id.0, status: status::of_job(&job) };
    Ok(json::answer(StatusCode::OK, &JobEnvelope { job: body }))
}
