//! `GET /v1/jobs/{job}/errors`, and of one task

use std::sync::Arc;

use analyte_core::names::{JobId, TaskName};
use analyte_jobs::{ErrorView, Right};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::{Details, Problem};
use crate::shared::Shared;

/// Why tasks failed or were cancelled.
#[derive(Serialize, ToSchema)]
#[schema(as = Errors)]
pub(crate) struct ErrorsBody<'a> {
    /// Parents first; empty where none failed.
    errors: Vec<FailureBody<'a>>,
}

/// The report of a run that failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
struct FailureBody<'a> {
    /// Which task.
    #[schema(value_type = String)]
    task: &'a TaskName,
    /// Which run of it.
    attempt: u32,
    /// Where the task stands: `queued` where it is tried again.
    status: &'static str,
    /// A stable word.
    #[schema(example = "trap")]
    code: &'static str,
    /// One sentence.
    message: &'a str,
    /// Facts by name; for `analysis-error` the provider's own code stands under `code`.
    #[schema(value_type = BTreeMap<String, String>)]
    details: Details<'a>,
    /// What lies behind it, outermost first.
    causes: &'a [String],
    /// How the component trapped.
    trap: Option<&'a str>,
    /// Functions of the component, innermost first.
    frames: &'a [String],
    /// The end of what the component wrote to stderr.
    stderr: &'a str,
    /// What to do next.
    hint: Option<&'a str>,
}

impl<'a> FailureBody<'a> {
    fn of(view: &'a ErrorView) -> Self {
        let failure = &view.failure;
        Self {
            task: &view.task,
            attempt: view.attempt.0,
            status: view.status.as_str(),
            code: failure.code.as_str(),
            message: &failure.message,
            details: Details(&failure.details),
            causes: &failure.causes,
            trap: failure.trap.as_deref(),
            frames: &failure.frames,
            stderr: &failure.stderr,
            hint: failure.hint.as_deref(),
        }
    }
}

/// Why a job failed or was cancelled, task by task.
#[utoipa::path(get, path = "/v1/jobs/{job}/errors", operation_id = "get_job_errors", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "Empty where nothing failed.", body = ErrorsBody),
    )
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(job): Segments<JobId>,
) -> Result<Response, Problem> {
    answer(&shared, &caller, job, None).await
}

/// Why a task failed or was cancelled.
#[utoipa::path(get, path = "/v1/jobs/{job}/tasks/{task}/errors", operation_id = "get_task_errors", tag = "tasks",
    params(
        ("job" = String, Path, description = "The job's id."),
        ("task" = String, Path, description = "The task's name."),
    ),
    responses(
        (status = 200, description = "Empty where nothing failed.", body = ErrorsBody),
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
    let errors = shared.manager.errors(caller.organisation(), job, task).await?;
    Ok(json::answer(StatusCode::OK, &ErrorsBody { errors: errors.iter().map(FailureBody::of).collect() }))
}
