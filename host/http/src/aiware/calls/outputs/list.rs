//! `GET /edge/v1/proc/job/{job}/outputs` and `GET /edge/v1/proc/task/{task}/outputs`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::names::{self, Output, OutputBody};
use crate::aiware::envelope::OutputsEnvelope;
use crate::aiware::error::Refusal;
use crate::aiware::ids::{lookup, task_id};
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::shared::Shared;

#[derive(Serialize, ToSchema)]
struct OutputsBody {
    #[serde(rename = "internalJobID", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    job: Option<Uuid>,
    #[serde(rename = "internalTaskID", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    task: Option<Uuid>,
    outputs: Vec<OutputBody>,
}

fn answer(job: Option<Uuid>, task: Option<Uuid>, outputs: &[Output]) -> Response {
    let outputs = outputs.iter().map(Output::body).collect();
    json::answer(StatusCode::OK, &OutputsEnvelope { outputs: OutputsBody { job, task, outputs } })
}

/// The outputs of a job.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/outputs", operation_id = "job_outputs", tag = "outputs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "What there is.", body = OutputsEnvelope<OutputsBody>),
    ),
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    Ok(answer(Some(job.id.0), None, &names::of_job(&job)))
}

/// The outputs of a task.
#[utoipa::path(get, path = "/edge/v1/proc/task/{task}/outputs", operation_id = "task_outputs", tag = "outputs",
    params(
        ("task" = String, Path, description = "Its id, in either form."),
    ),
    responses(
        (status = 200, description = "What there is.", body = OutputsEnvelope<OutputsBody>),
    ),
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let found = lookup::task(&shared.manager, caller.organisation(), &id).await?;
    Ok(answer(None, Some(task_id::internal(found.job.id, found.place)), &names::of_task(&found)?))
}
