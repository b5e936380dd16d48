//! `GET /v1/jobs/{job}/files/{file}`, and of one task
//!
//! A file is sent piece by piece, so its size does not matter. It comes from a component, which is not trusted: browsers
//! are told to save it, never to show it.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::job::ResultFile;
use analyte_core::names::{FileName, JobId, Organisation, TaskName};
use analyte_jobs::Right;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::auth::Caller;
use crate::etag;
use crate::gate::Shared;
use crate::native::address::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::range::{Wanted, wanted};

/// A file is read and sent in pieces of this size.
const PIECE: u64 = 1 << 20;

/// A result file of a job.
#[utoipa::path(get, path = "/v1/jobs/{job}/files/{file}", operation_id = "get_job_file", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id."),
        ("file" = String, Path, description = "The file's name."),
        ("Range" = Option<String>, Header, description = "One range of bytes."),
    ),
    responses(
        (status = 200, description = "All of it, of the media type that the component said.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "As you have it."),
        (status = 416, description = "The range is beyond its end.", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused.", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "The platform's fault.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((job, file)): Segments<(JobId, FileName)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, None, &file, &headers).await
}

/// A result file of a task.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks/{task}/files/{file}", operation_id = "get_task_file", tag = "tasks",
    params(
        ("job" = String, Path, description = "The job's id."),
        ("task" = String, Path, description = "The task's name."),
        ("file" = String, Path, description = "The file's name."),
        ("Range" = Option<String>, Header, description = "One range of bytes."),
    ),
    responses(
        (status = 200, description = "All of it, of the media type that the component said.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "As you have it."),
        (status = 416, description = "The range is beyond its end.", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused.", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "The platform's fault.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((job, task, file)): Segments<(JobId, TaskName, FileName)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, Some(&task), &file, &headers).await
}

async fn answer(
    shared: &Arc<Shared>,
    caller: &Caller,
    job: JobId,
    task: Option<&TaskName>,
    name: &FileName,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let file = shared.manager.file(caller.organisation(), job, task, name).await?;
    let length = file.content.bytes;
    let tag = etag::of_digest(&file.content.digest);
    if etag::is_known(headers, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        etag::put(response.headers_mut(), &tag);
        return Ok(response);
    }
    let (status, part) = match wanted(headers, length, &tag) {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Beyond => {
            let problem =
                Problem::new(Code::Malformed, format!("the file has {length} bytes, and the range begins beyond them"))
                    .status(StatusCode::RANGE_NOT_SATISFIABLE);
            return Err(match HeaderValue::from_str(&format!("bytes */{length}")) {
                Ok(value) => problem.header(CONTENT_RANGE, value),
                Err(_) => problem,
            });
        }
    };
    let mut answer = HeaderMap::new();
    let plain = HeaderValue::from_static("application/octet-stream");
    answer.insert(CONTENT_TYPE, HeaderValue::from_str(&file.media_type).unwrap_or(plain));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    etag::put(&mut answer, &tag);
    // A name of a file holds nothing that would have to be quoted.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.insert(CONTENT_DISPOSITION, value);
    }
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) =
            HeaderValue::from_str(&format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1)))
    {
        answer.insert(CONTENT_RANGE, value);
    }
    let body = pieces(shared.clone(), caller.organisation().clone(), job, file, part);
    Ok((status, answer, body).into_response())
}

/// The bytes of a part of a file, read as the client takes them. What cannot be read ends the connection, so that the
/// client sees that something is missing.
fn pieces(shared: Arc<Shared>, organisation: Organisation, job: JobId, file: ResultFile, part: Range<u64>) -> Body {
    let file = Arc::new(file);
    Body::from_stream(stream::try_unfold(part, move |left| {
        let (shared, organisation, file) = (shared.clone(), organisation.clone(), file.clone());
        async move {
            if left.is_empty() {
                return Ok(None);
            }
            let end = left.end.min(left.start.saturating_add(PIECE));
            let piece = shared.manager.file_bytes(&organisation, job, &file, left.start..end).await;
            let piece = piece.inspect_err(|error| {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(%job, file = %file.name, %error, cause, "a result file cannot be read");
            })?;
            Ok::<_, analyte_jobs::JobsError>(Some((piece, end..left.end)))
        }
    }))
}
