//! `GET /v1/jobs/{job}/files/{file}`, and of one task

use std::sync::Arc;

use analyte_core::names::{FileName, JobId, TaskName};
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::answer::file_answer::{self, Facts};
use crate::entry::auth::Caller;
use crate::native::json::Binary;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// A result file of a job.
#[utoipa::path(get, path = "/v1/jobs/{job}/files/{file}", operation_id = "get_job_file", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id."),
        ("file" = String, Path, description = "The file's name."),
        ("Range" = Option<String>, Header, description = "One range of bytes."),
    ),
    responses(
        (status = 200, description = "All of it, of the media type that the component said.", body = Binary, content_type = "application/octet-stream"),
        (status = 206, description = "The range.", body = Binary, content_type = "application/octet-stream"),
        (status = 304, description = "As you have it."),
        (status = 416, description = "The range is beyond its end.", body = ProblemBody),
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
        (status = 200, description = "All of it, of the media type that the component said.", body = Binary, content_type = "application/octet-stream"),
        (status = 206, description = "The range.", body = Binary, content_type = "application/octet-stream"),
        (status = 304, description = "As you have it."),
        (status = 416, description = "The range is beyond its end.", body = ProblemBody),
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
    let (manager, organisation) = (shared.manager.clone(), caller.organisation().clone());
    let facts = Facts { name: name.as_str(), media_type: &file.media_type, content: &file.content };
    let read = Arc::new(file.clone());
    file_answer::answer(headers, &facts, move |range| {
        let (manager, organisation, file) = (manager.clone(), organisation.clone(), read.clone());
        async move { manager.file_bytes(&organisation, job, &file, range).await }
    })
}
