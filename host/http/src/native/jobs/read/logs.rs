//! `GET /v1/jobs/{job}/logs`, and of one task

use std::sync::Arc;

use analyte_core::names::{JobId, TaskName};
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::problem::Problem;
use crate::shared::Shared;

/// What a job's tasks have logged so far: lines of `{"time", "level", "message"}`.
#[utoipa::path(get, path = "/v1/jobs/{job}/logs", operation_id = "get_job_logs", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "One JSON object per line.", body = String, content_type = "application/x-ndjson"),
    )
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(job): Segments<JobId>,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, None).await
}

/// What a task has logged so far.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks/{task}/logs", operation_id = "get_task_logs", tag = "tasks",
    params(
        ("job" = String, Path, description = "The job's id."),
        ("task" = String, Path, description = "The task's name."),
    ),
    responses(
        (status = 200, description = "One JSON object per line.", body = String, content_type = "application/x-ndjson"),
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
    let log = shared.manager.logs(caller.organisation(), job, task).await?;
    let mut response = Response::new(log.lines.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}
