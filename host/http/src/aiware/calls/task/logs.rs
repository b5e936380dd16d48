//! `GET /edge/v1/proc/task/{task}/logs`, the same as `data`, and `GET /edge/v1/proc/job/{job}/data`: what was logged, as a ZIP
//! archive with one file for each task.
//!
//! The limit `log_bytes` bounds the log of each task, so the archive is made in memory, which is set aside first; nothing in
//! it is compressed.

use std::io::{Cursor, Write as _};
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::TaskName;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::table::compute_sized;
use crate::request::body::holding;
use crate::shared::Shared;

/// The log of a task.
#[utoipa::path(get, path = "/edge/v1/proc/task/{task}/logs", operation_id = "task_logs", tag = "outputs",
    params(
        ("task" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "A ZIP archive.", body = Vec<u8>, content_type = "application/zip"),
    ),
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let found = lookup::task(&shared.manager, caller.organisation(), &id).await?;
    let name = found.task()?.name.clone();
    archive(&shared, &caller, &found.job, vec![name]).await
}

/// The log of a task, as of an older edition of the product: the same as `logs`.
#[utoipa::path(get, path = "/edge/v1/proc/task/{task}/data", operation_id = "task_data", tag = "outputs",
    params(
        ("task" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "A ZIP archive.", body = Vec<u8>, content_type = "application/zip"),
    ),
)]
pub(crate) async fn data_of_task(
    state: State<Arc<Shared>>,
    caller: Caller,
    id: Segments<String>,
) -> Result<Response, Refusal> {
    of_task(state, caller, id).await
}

/// The logs of all tasks of a job.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/data", operation_id = "job_data", tag = "outputs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "A ZIP archive.", body = Vec<u8>, content_type = "application/zip"),
    ),
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    let names = job.tasks.iter().map(|task| task.name.clone()).collect();
    archive(&shared, &caller, &job, names).await
}

async fn archive(shared: &Shared, caller: &Caller, job: &Job, tasks: Vec<TaskName>) -> Result<Response, Refusal> {
    let organisation = caller.organisation();
    let kept: u64 = job.tasks.iter().filter_map(|task| task.log.as_ref()).map(|log| log.bytes).sum();
    // The logs, and the archive of them.
    let reserved = shared.manager.reserve_memory(organisation, kept.saturating_mul(2))?;
    let (mut logs, mut bytes) = (Vec::with_capacity(tasks.len()), 0);
    for name in tasks {
        let log = shared.manager.logs(organisation, job.id, Some(&name)).await?;
        bytes += log.lines.len();
        logs.push((name, log.lines));
    }
    let packed = compute_sized(shared, organisation, bytes, move || packed(&logs)).await?;
    let packed = packed.map_err(|error| {
        tracing::error!(%error, "an archive of logs cannot be made");
        Refusal::new(ErrorId::InternalError, "the archive cannot be made")
    })?;
    let mut response = Response::new(holding(packed, vec![reserved]));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"logs.zip\""));
    Ok(response)
}

/// An archive of logs, each under the name of its task.
fn packed(logs: &[(TaskName, Bytes)]) -> Result<Bytes, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, lines) in logs {
        archive.start_file(format!("{name}.ndjson"), options)?;
        archive.write_all(lines)?;
    }
    Ok(archive.finish()?.into_inner().into())
}
