//! `POST /v1/jobs`

use std::sync::Arc;

use analyte_core::names::JobId;
use analyte_jobs::Begun;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::body::{SubmissionBody, SubmissionFormBody};
use super::prefer;
use super::sent;
use crate::entry::auth::Caller;
use crate::native::jobs::body::JobBody;
use crate::native::jobs::read::get::shown;
use crate::native::json::Binary;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Submits a job. Once it is answered, it is kept.
///
/// The body is a submission, or the table, or a form of both. Where it is the table, the query has the members of a submission
/// (`provider`, `model`, `priority`, `run_at`, `custom_data` as JSON, `limits.fuel`, `retry.max_attempts`, `tags.NAME` and so on),
/// and every other name there is a parameter of the model, read as its schema says; `parameters.NAME` is one that is called like a
/// member. A table as JSON needs `provider` and `model` in the query to be taken for one.
///
/// With an `Idempotency-Key` a repetition of the same bytes answers the job that there is already, whatever became of its
/// model meanwhile.
#[utoipa::path(post, path = "/v1/jobs", operation_id = "submit_job", tag = "jobs",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless; 1 to 255 characters."),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when the job has ended, after N seconds at most."),
        ("provider" = Option<String>, Query, description = "Where the body is the table: whose model."),
        ("model" = Option<String>, Query, description = "Where the body is the table: which model."),
    ),
    request_body(content(
        (SubmissionBody = "application/json"),
        (String = "text/csv"),
        (Binary = "application/vnd.apache.arrow.stream"),
        (SubmissionFormBody = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The job as it is now: it had been submitted before, or has ended while you waited.", body = JobBody),
        (status = 201, description = "Kept and queued.", body = JobBody, headers(
            ("Location" = String, description = "Its address."),
            ("ETag" = String, description = "Changes with the job."),
        )),
        (status = 400, description = "The body cannot be read.", body = ProblemBody),
        (status = 404, description = "There is no such model.", body = ProblemBody),
        (status = 413, description = "The body, the parameters or the custom data are too large.", body = ProblemBody),
        (status = 409, description = "A submission with the same idempotency key is being answered right now.", body = ProblemBody),
        (status = 422, description = "The table, the parameters or the limits do not fit, or the idempotency key was used with another body.", body = ProblemBody),
        (status = 429, description = "The queue is full; see `Retry-After`.", body = ProblemBody),
        (status = 503, description = "There is no room now; see `Retry-After`.", body = ProblemBody),
        (status = 507, description = "The disk is full.", body = ProblemBody),
    )
)]
pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let mut sent = sent::receive(&shared, &caller, request).await?;
    let headers = std::mem::take(&mut sent.headers);
    let idempotency = sent.idempotency(&shared, &caller).await?;
    // Before the body is looked into: what was accepted once is answered again, whatever is installed now.
    let begun = match &idempotency {
        Some(idempotency) => Some(shared.manager.begin(caller.organisation(), idempotency).await?),
        None => None,
    };
    let (mut view, mut settled) = match begun {
        Some(Begun::Replay(view)) => {
            drop(sent);
            (view, true)
        }
        turn => {
            let submission = sent.submission(&shared, &caller, idempotency).await?;
            let submitted = shared.manager.submit(caller.organisation(), submission).await?;
            drop(turn);
            (submitted.job, submitted.replayed)
        }
    };
    let id = view.job.id;
    let patience = prefer::wait(&headers);
    if let Some(patience) = patience {
        // The job is kept, so a wait that breaks off changes nothing: the client sees the job as it was submitted.
        if let Ok(later) = shared.manager.wait(caller.organisation(), id, patience).await {
            settled |= later.job.status.ended();
            view = later;
        }
    }
    let mut response = shown(if settled { StatusCode::OK } else { StatusCode::CREATED }, &view)?;
    let headers = response.headers_mut();
    put_location(headers, id);
    if patience.is_some() {
        headers.insert(HeaderName::from_static("preference-applied"), HeaderValue::from_static("wait"));
    }
    Ok(response)
}

/// Says where a job is.
pub(crate) fn put_location(headers: &mut HeaderMap, id: JobId) {
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/jobs/{id}")) {
        headers.insert(LOCATION, location);
    }
}
