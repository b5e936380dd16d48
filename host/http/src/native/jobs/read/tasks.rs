//! `GET /v1/jobs/{job}/tasks`, and one of them

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::{JobId, TaskName};
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::entry::auth::Caller;
use crate::native::jobs::body::{TaskBody, TasksBody};
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::Problem;
use crate::shared::Shared;

/// The tasks of a job.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks", operation_id = "list_tasks", tag = "tasks",
    params(("job" = String, Path, description = "The job's id.")),
    responses(
        (status = 200, description = "Parents before children.", body = TasksBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(job): Segments<JobId>,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let view = shared.manager.get(caller.organisation(), job).await?;
    let tasks = view.job.tasks.iter().map(|task| TaskBody::of(&view, task)).collect();
    Ok(json::answer(StatusCode::OK, &TasksBody { tasks }))
}

/// One task of a job.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks/{task}", operation_id = "get_task", tag = "tasks",
    params(
        ("job" = String, Path, description = "The job's id."),
        ("task" = String, Path, description = "The task's name."),
    ),
    responses(
        (status = 200, description = "The task.", body = TaskBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((job, name)): Segments<(JobId, TaskName)>,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let view = shared.manager.get(caller.organisation(), job).await?;
    let task = view.job.task(&name);
    let task = task.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no task `{name}` in job `{job}`")))?;
    Ok(json::answer(StatusCode::OK, &TaskBody::of(&view, task)))
}
