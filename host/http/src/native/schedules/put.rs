//! `PUT /v1/schedules/{schedule}`

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::ScheduleId;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode};

use super::asked::{self, NewScheduleBody};
use super::body::ScheduleBody;
use super::get::shown;
use crate::answer::etag;
use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::negotiate::require_json;
use crate::shared::Shared;

/// Changes a schedule to just what is said here; without a `template` it keeps the one that it has.
///
/// Where it then fires at other times, or is switched on or off, it begins anew: what it missed is not made up for, and
/// what waited waits no more.
#[utoipa::path(put, path = "/v1/schedules/{schedule}", operation_id = "put_schedule", tag = "schedules",
    params(
        ("schedule" = String, Path, description = "Its id."),
        ("If-Match" = Option<String>, Header, description = "An `ETag` that you have: refused with 412 where the schedule was changed since. What it fires does not change it."),
    ),
    request_body(content = NewScheduleBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Changed.", body = ScheduleBody, headers(("ETag" = String, description = "Changes with the schedule."))),
        (status = 400, description = "The body cannot be read.", body = ProblemBody),
        (status = 404, description = "There is none, or no such model.", body = ProblemBody),
        (status = 409, description = "It is being changed by others again and again.", body = ProblemBody),
        (status = 412, description = "It was changed since, as the code `conflict` says.", body = ProblemBody),
        (status = 422, description = "The rule, the table, the parameters or the limits do not fit.", body = ProblemBody),
    )
)]
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    // Before anything is said of the body: there may be none.
    shared.manager.schedule(caller.organisation(), id).await?;
    let (parts, content) = request.into_parts();
    require_json(&parts.headers)?;
    let revision = asked_revision(&parts.headers)?;
    let received = body::receive(&shared, caller.organisation(), content, shared.limits.body_bytes).await?;
    let asked = asked::read(&shared, &caller, &received.bytes, true).await?;
    drop(received);
    let view = shared.manager.replace_schedule(caller.organisation(), id, asked, revision).await.map_err(|error| {
        let conflict = error.code() == Code::Conflict && revision.is_some();
        let problem = Problem::from(error);
        if conflict { problem.status(StatusCode::PRECONDITION_FAILED) } else { problem }
    })?;
    shown(StatusCode::OK, &view)
}

/// The revision that the client has; `None`: any will do.
fn asked_revision(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    etag::revision_in(text).map(Some).ok_or_else(|| {
        Problem::new(Code::Malformed, "`If-Match` must be `*` or one `ETag` that the schedule was answered with")
    })
}
