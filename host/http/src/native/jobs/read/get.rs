//! `GET /v1/jobs/{job}`

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::JobId;
use analyte_jobs::{JobView, Right};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};

use crate::answer::etag;
use crate::entry::auth::Caller;
use crate::native::jobs::body::{JobBody, entity_tag};
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// One job.
#[utoipa::path(get, path = "/v1/jobs/{job}", operation_id = "get_job", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` that you have: answered with 304 where it still holds."),
    ),
    responses(
        (status = 200, description = "The job.", body = JobBody, headers(("ETag" = String, description = "Changes with the job."))),
        (status = 304, description = "As you have it."),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<JobId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let view = shared.manager.get(caller.organisation(), id).await?;
    let mut response = shown(StatusCode::OK, &view)?;
    let tag = response.headers().get(http::header::ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(tag) = tag.filter(|tag| etag::is_known(&headers, tag)).map(str::to_owned) {
        response = StatusCode::NOT_MODIFIED.into_response();
        etag::put(response.headers_mut(), &tag);
    }
    Ok(response)
}

/// An answer that shows a job.
pub(crate) fn shown(status: StatusCode, view: &JobView) -> Result<Response, Problem> {
    let body = JobBody::of(view).ok_or_else(|| Problem::new(Code::HostError, "the job's record is damaged"))?;
    // Strings, numbers and JSON that was checked before: writing them cannot fail.
    let text = serde_json::to_vec(&body).unwrap_or_default();
    let tag = entity_tag(&view.job, &text);
    let mut response = json::bytes(status, text);
    etag::put(response.headers_mut(), &tag);
    Ok(response)
}
