//! `GET /v1/jobs/{job}/results`, and of one task
//!
//! A result is kept as an Arrow stream. It goes out as it is where Arrow is wanted, and a large one is read from the store
//! piece by piece; otherwise it is read as a table, in memory that was set aside first, and written in the wanted format.

use std::sync::Arc;

use analyte_core::names::{JobId, Organisation, TaskName};
use analyte_core::table::format::Format;
use analyte_jobs::{ResultView, Right};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer::etag;
use crate::answer::file_answer;
use crate::answer::pieces::AT_ONCE;
use crate::entry::auth::Caller;
use crate::native::json::Binary;
use crate::native::models::body::TableBody;
use crate::native::path_and_query::Segments;
use crate::native::table;
use crate::problem::{Problem, ProblemBody};
use crate::request::negotiate::accepted_format;
use crate::shared::Shared;

/// The result of a job: the table of the only task that no other depends on.
#[utoipa::path(get, path = "/v1/jobs/{job}/results", operation_id = "get_job_results", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The table.", content(
            (TableBody = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
        ), headers(
            ("ETag" = String, description = "Names the table in this format."),
            ("Analyte-Warning" = String, description = "What you should know about the table; may come several times."),
        )),
        (status = 304, description = "As you have it."),
        (status = 409, description = "It has not ended (`not-finished`), has no result (`no-result`), or several (`several-results`).", body = ProblemBody),
    )
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(job): Segments<JobId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, None, &headers).await
}

/// The result of a task.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks/{task}/results", operation_id = "get_task_results", tag = "tasks",
    params(
        ("job" = String, Path, description = "The job's id."),
        ("task" = String, Path, description = "The task's name."),
    ),
    responses(
        (status = 200, description = "The table.", content(
            (TableBody = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
        )),
        (status = 304, description = "As you have it."),
        (status = 409, description = "It has not ended (`not-finished`), or has no result (`no-result`).", body = ProblemBody),
    )
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((job, task)): Segments<(JobId, TaskName)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, Some(&task), &headers).await
}

async fn answer(
    shared: &Shared,
    caller: &Caller,
    job: JobId,
    task: Option<&TaskName>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let wanted = accepted_format(headers)?;
    let organisation = caller.organisation();
    let result = shared.manager.result(organisation, job, task).await?;
    let size = result.content.bytes;
    let tag = format!("\"{}-{}\"", result.content.digest.hex(), word(wanted));
    let mut response = if etag::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if wanted == Format::Arrow && size > AT_ONCE as u64 {
        in_pieces(shared, organisation.clone(), job, result.clone())
    } else if wanted == Format::Arrow {
        Response::new(shared.manager.result_part(organisation, job, &result, 0..size).await?.into())
    } else {
        // As it is kept and as columns, for as long as the client takes to read it.
        let reserved = table::reserve(shared, organisation, size.saturating_mul(2))?;
        let bytes = shared.manager.result_part(organisation, job, &result, 0..size).await?;
        let stored = table::stored(shared, organisation, bytes).await?;
        Response::new(table::body(shared, organisation, wanted, stored, reserved).await?)
    };
    etag::put(response.headers_mut(), &tag);
    table::put_vary(response.headers_mut());
    if response.status() == StatusCode::OK {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(wanted.media_type()));
        table::put_warnings(headers, &result.warnings);
    }
    Ok(response)
}

/// The stream as it is kept.
fn in_pieces(shared: &Shared, organisation: Organisation, job: JobId, result: ResultView) -> Response {
    let (manager, length) = (shared.manager.clone(), result.content.bytes);
    let (owner, kept) = (Arc::new(organisation), Arc::new(result));
    let mut response = Response::new(file_answer::pieces(0..length, format!("the result of {job}"), move |range| {
        let (manager, owner, kept) = (manager.clone(), owner.clone(), kept.clone());
        async move { manager.result_part(&owner, job, &kept, range).await }
    }));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::JsonColumns => "columns",
        Format::Csv => "csv",
        Format::Arrow => "arrow",
    }
}
