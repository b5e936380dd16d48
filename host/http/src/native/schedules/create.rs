//! `POST /v1/schedules`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use super::asked::{self, NewScheduleBody};
use super::body::ScheduleBody;
use super::get::shown;
use crate::entry::auth::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::negotiate::require_json;
use crate::shared::Shared;

/// Makes a schedule. Its template is checked like a submission, and kept with its table and its parameters.
#[utoipa::path(post, path = "/v1/schedules", operation_id = "create_schedule", tag = "schedules",
    request_body(content = NewScheduleBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Made.", body = ScheduleBody, headers(
            ("Location" = String, description = "Its address."),
            ("ETag" = String, description = "Changes with the schedule."),
        )),
        (status = 400, description = "The body cannot be read.", body = ProblemBody),
        (status = 404, description = "There is no such model.", body = ProblemBody),
        (status = 409, description = "The organisation has as many schedules as it may have.", body = ProblemBody),
        (status = 413, description = "The body, the parameters or the custom data are too large.", body = ProblemBody),
        (status = 422, description = "The rule, the table, the parameters or the limits do not fit.", body = ProblemBody),
        (status = 507, description = "The disk is full.", body = ProblemBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    let (parts, content) = request.into_parts();
    require_json(&parts.headers)?;
    let received = body::receive(&shared, caller.organisation(), content, shared.limits.body_bytes).await?;
    let asked = asked::read(&shared, &caller, &received.bytes, false).await?;
    drop(received);
    let view = shared.manager.create_schedule(caller.organisation(), asked).await?;
    let mut response = shown(StatusCode::CREATED, &view)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/schedules/{}", view.schedule.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
