//! `GET /edge/v1/proc/job/{job}/status` and `recheck_status`: a state is never stale here, so both are the same.

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use crate::aiware::envelope::JobEnvelope;
use crate::aiware::error::Refusal;
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::aiware::status;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::shared::Shared;

#[derive(Serialize)]
struct StatusBody {
    #[serde(rename = "internalJobID")]
    id: Uuid,
    #[serde(rename = "jobStatus")]
    status: &'static str,
}

/// The state of a job.
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
