//! `POST /v1/jobs/{job}/retry`

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::JobId;
use analyte_jobs::{Begun, Idempotency};
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::entry::auth::Caller;
use crate::native::jobs::body::JobBody;
use crate::native::jobs::read::get::shown;
use crate::native::jobs::submit::arrived::{Arrived, arrived};
use crate::native::jobs::submit::single::put_location;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::request::json_body;
use crate::shared::Shared;

/// Longest body of this call.
const MOST_BYTES: u64 = 4_096;

/// How a job is to be run again.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = RetryAs)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryAsBody {
    /// `same`: the job itself is queued again, its error and result are cleared; `copy`: a new job with the same input.
    #[serde(rename = "as")]
    #[schema(value_type = Option<String>, example = "same")]
    how: Option<As>,
}

/// What is to be run.
#[derive(Deserialize)]
#[serde(try_from = "String")]
enum As {
    Same,
    Copy,
}

impl TryFrom<String> for As {
    type Error = &'static str;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "same" => Ok(Self::Same),
            "copy" => Ok(Self::Copy),
            _ => Err("must be `same` or `copy`"),
        }
    }
}

/// Runs a job again: itself (a failed, cancelled or running one), or as a copy (any but a completed one).
///
/// Either way it is checked against the model that is installed now. A copy names the job that it repeats in `retry_of`;
/// an `Idempotency-Key` makes its repetition harmless.
#[utoipa::path(post, path = "/v1/jobs/{job}/retry", operation_id = "retry_job", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id."),
        ("Idempotency-Key" = Option<String>, Header, description = "For a copy: makes a repetition harmless; 1 to 255 characters."),
    ),
    request_body(content = Option<RetryAsBody>, content_type = "application/json", description = "Without it: `same`."),
    responses(
        (status = 200, description = "The job, queued again; or the copy that the same request made before.", body = JobBody),
        (status = 201, description = "The copy.", body = JobBody, headers(
            ("Location" = String, description = "Its address."),
            ("ETag" = String, description = "Changes with the job."),
        )),
        (status = 404, description = "There is none.", body = ProblemBody),
        (status = 409, description = "It is in a state from which it cannot be run again.", body = ProblemBody),
        (status = 422, description = "Its input or its parameters do not fit the model any more.", body = ProblemBody),
    )
)]
pub(crate) async fn retry(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<JobId>,
    request: Request,
) -> Result<Response, Problem> {
    let Arrived { key, body } = arrived(&shared, &caller, request, MOST_BYTES).await?;
    match asked(&body.bytes)? {
        As::Same => shown(StatusCode::OK, &shared.manager.retry(caller.organisation(), id).await?),
        As::Copy => {
            // What is asked for is this job's copy, however the body is written.
            let request = Digest::of(format!("copy of {id}").as_bytes());
            let idempotency = key.map(|key| Idempotency { key, request });
            // First, so that a repetition is answered whatever has become of the job since.
            let begun = match &idempotency {
                Some(idempotency) => Some(shared.manager.begin(caller.organisation(), idempotency).await?),
                None => None,
            };
            if let Some(Begun::Replay(copy)) = &begun {
                let mut response = shown(StatusCode::OK, copy)?;
                put_location(response.headers_mut(), copy.job.id);
                return Ok(response);
            }
            let made = shared.manager.retry_as_copy(caller.organisation(), id, idempotency).await?;
            drop(begun);
            let status = if made.replayed { StatusCode::OK } else { StatusCode::CREATED };
            let mut response = shown(status, &made.job)?;
            put_location(response.headers_mut(), made.job.job.id);
            Ok(response)
        }
    }
}

fn asked(body: &[u8]) -> Result<As, Problem> {
    let RetryAsBody { how } = json_body::read_if_any(body)?;
    Ok(how.unwrap_or(As::Same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_means_the_same_job() {
        let read = |body: &str| match asked(body.as_bytes()) {
            Ok(As::Same) => "same".to_owned(),
            Ok(As::Copy) => "copy".to_owned(),
            Err(problem) => problem.detail().to_owned(),
        };
        for same in ["", "{}", "{\"as\":null}", " {\"as\": \"same\"} "] {
            assert_eq!(read(same), "same", "{same}");
        }
        assert_eq!(read("{\"as\":\"copy\"}"), "copy");
        assert_eq!(read("{\"as\":\"Copy\"}"), "`/as`: must be `same` or `copy`");
        assert_eq!(read("{\"as\":1}"), "`/as`: invalid type: integer `1`, expected a string");
        assert_eq!(read("{\"how\":\"copy\"}"), "`/how` is not known here; expected `as`");
    }
}
