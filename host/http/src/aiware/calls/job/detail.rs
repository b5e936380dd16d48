//! `GET /edge/v1/proc/job/{job}/detail`

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::aiware::detail::job::JobDetail;
use crate::aiware::envelope::JobEnvelope;
use crate::aiware::error::Refusal;
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part};
use crate::shared::Shared;

/// A job with its tasks.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/detail", operation_id = "job_detail", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "The job with its tasks.", body = JobEnvelope<JobDetail>),
    ),
)]
pub(crate) async fn detail(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    let written =
        |job: &Arc<Job>, part: &mut Part<'_>| serde_json::to_writer(part, &JobEnvelope { job: JobDetail::of(job) });
    Ok(Listing::one(job, written).answer(&shared, caller.organisation(), StatusCode::OK, Items::Fetched).await?)
}
