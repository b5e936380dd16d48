//! `GET /edge/v1/proc/job/{job}/download/{name}` and `GET /edge/v1/proc/task/{task}/download/{name}`: the bytes of an output.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use super::names::{self, Output, What};
use crate::aiware::error::Refusal;
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::answer::file_answer::{self, Facts};
use crate::entry::auth::Caller;
use crate::native::table;
use crate::shared::Shared;

/// The bytes of an output of a job.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/download/{name}", operation_id = "download_job_output", tag = "outputs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),("name" = String, Path, description = "What the output is called."),
    ),
    responses(
        (status = 200, description = "Its bytes, of the type that the output has."),
        (status = 206, description = "Part of its bytes."),
        (status = 304, description = "You have it."),
    ),
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((id, name)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    answer(&shared, &caller, &job, names::one_of_job(&job, &name)?, &headers).await
}

/// The bytes of an output of a task.
#[utoipa::path(get, path = "/edge/v1/proc/task/{task}/download/{name}", operation_id = "download_task_output", tag = "outputs",
    params(
        ("task" = String, Path, description = "Its id, in either form."),("name" = String, Path, description = "What the output is called."),
    ),
    responses(
        (status = 200, description = "Its bytes, of the type that the output has."),
        (status = 206, description = "Part of its bytes."),
        (status = 304, description = "You have it."),
    ),
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((id, name)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let found = lookup::task(&shared.manager, caller.organisation(), &id).await?;
    let output = names::one_of_task(&found, &name)?;
    answer(&shared, &caller, &found.job, output, &headers).await
}

async fn answer(
    shared: &Shared,
    caller: &Caller,
    job: &Job,
    output: Output,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (manager, organisation, id) = (shared.manager.clone(), caller.organisation().clone(), job.id);
    match output.what {
        What::Table(content, format) => {
            // As it is kept and as columns, for as long as the client takes to read it.
            let reserved = table::reserve(shared, &organisation, content.bytes.saturating_mul(2))?;
            let result = manager.result(&organisation, id, Some(&output.task)).await?;
            let bytes = manager.result_part(&organisation, id, &result, 0..content.bytes).await?;
            let stored = table::stored(shared, &organisation, bytes).await?;
            let mut response = Response::new(table::body(shared, &organisation, format, stored, reserved).await?);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
            table::put_warnings(response.headers_mut(), &result.warnings);
            Ok(response)
        }
        What::File(file) => {
            let facts = Facts { name: file.name.as_str(), media_type: &file.media_type, content: &file.content };
            let read = Arc::new(file.clone());
            Ok(file_answer::answer(headers, &facts, move |range| {
                let (manager, organisation, file) = (manager.clone(), organisation.clone(), read.clone());
                async move { manager.file_bytes(&organisation, id, &file, range).await }
            })?)
        }
    }
}
