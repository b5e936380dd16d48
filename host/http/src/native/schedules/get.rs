//! `GET /v1/schedules/{schedule}`

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::ScheduleId;
use analyte_jobs::{Right, ScheduleView};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};

use super::body::ScheduleBody;
use crate::answer::etag;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// One schedule.
#[utoipa::path(get, path = "/v1/schedules/{schedule}", operation_id = "get_schedule", tag = "schedules",
    params(
        ("schedule" = String, Path, description = "Its id."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` that you have: answered with 304 where it still holds."),
    ),
    responses(
        (status = 200, description = "The schedule.", body = ScheduleBody, headers(("ETag" = String, description = "Changes with the schedule."))),
        (status = 304, description = "As you have it."),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let view = shared.manager.schedule(caller.organisation(), id).await?;
    let mut response = shown(StatusCode::OK, &view)?;
    let tag = response.headers().get(http::header::ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(tag) = tag.filter(|tag| etag::is_known(&headers, tag)).map(str::to_owned) {
        response = StatusCode::NOT_MODIFIED.into_response();
        etag::put(response.headers_mut(), &tag);
    }
    Ok(response)
}

/// An answer that shows a schedule.
pub(super) fn shown(status: StatusCode, view: &ScheduleView) -> Result<Response, Problem> {
    let body =
        ScheduleBody::of(view).ok_or_else(|| Problem::new(Code::HostError, "the schedule's record is damaged"))?;
    // Strings, numbers and JSON that was checked before: writing them cannot fail.
    let text = serde_json::to_vec(&body).unwrap_or_default();
    let tag = etag::of_revision_and_text(view.schedule.revision, &text);
    let mut response = json::bytes(status, text);
    etag::put(response.headers_mut(), &tag);
    Ok(response)
}
