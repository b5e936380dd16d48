//! `GET /edge/v1/proc/scheduled_job/{scheduled_job}/detail`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::aiware::detail::scheduled_job::ScheduledJobDetail;
use crate::aiware::envelope::ResultEnvelope;
use crate::aiware::error::Refusal;
use crate::aiware::path::Segments;
use crate::aiware::schedules::find;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::shared::Shared;

/// A scheduled job.
#[utoipa::path(get, path = "/edge/v1/proc/scheduled_job/{scheduled_job}/detail", operation_id = "scheduled_job_detail", tag = "scheduled jobs",
    params(
        ("scheduled_job" = String, Path, description = "Its number or its UUID."),
    ),
    responses(
        (status = 200, description = "The scheduled job.", body = ResultEnvelope<ScheduledJobDetail>),
    ),
)]
pub(crate) async fn detail(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let found = find::one(&shared.manager, caller.organisation(), &id).await?;
    let body = ResultEnvelope { result: ScheduledJobDetail::of(&found), success: true, error: None };
    Ok(json::answer(StatusCode::OK, &body))
}
