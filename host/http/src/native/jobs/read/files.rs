//! `GET /v1/jobs/{job}/files`, and of one task

use std::sync::Arc;

use analyte_core::names::{FileName, JobId, TaskName};
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::Problem;
use crate::shared::Shared;

/// Result files.
#[derive(Serialize, ToSchema)]
#[schema(as = Files)]
pub(crate) struct FilesBody<'a> {
    /// In the order in which they were finished.
    files: Vec<FileBody<'a>>,
}

/// A finished result file.
#[derive(Serialize, ToSchema)]
#[schema(as = File)]
struct FileBody<'a> {
    /// Unique within its task.
    #[schema(value_type = String)]
    name: &'a FileName,
    /// Length in bytes.
    size: u64,
    /// As the component said.
    media_type: &'a str,
    /// The task that wrote it.
    #[schema(value_type = String)]
    task: &'a TaskName,
    /// Its address.
    href: String,
}

/// The result files of a job.
#[utoipa::path(get, path = "/v1/jobs/{job}/files", operation_id = "list_job_files", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "Finished files.", body = FilesBody),
    )
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(job): Segments<JobId>,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, None).await
}

/// The result files of a task.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks/{task}/files", operation_id = "list_task_files", tag = "tasks",
    params(
        ("job" = String, Path, description = "The job's id."),
        ("task" = String, Path, description = "The task's name."),
    ),
    responses(
        (status = 200, description = "Finished files.", body = FilesBody),
    )
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((job, task)): Segments<(JobId, TaskName)>,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, Some(&task)).await
}

async fn answer(shared: &Shared, caller: &Caller, job: JobId, task: Option<&TaskName>) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let files = shared.manager.files(caller.organisation(), job, task).await?;
    let files = files.iter().map(|(task, file)| FileBody {
        name: &file.name,
        size: file.content.bytes,
        media_type: &file.media_type,
        task,
        href: format!("/v1/jobs/{job}/tasks/{task}/files/{}", file.name),
    });
    Ok(json::answer(StatusCode::OK, &FilesBody { files: files.collect() }))
}
