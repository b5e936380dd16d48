//! `POST /edge/v1/proc/job/{job}/delete`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::{Request, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::aiware::body::{SMALL, received};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::request::json_body;
use crate::shared::Shared;

/// Says once more which job is meant, or nothing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeleteJob)]
struct DeleteBody {
    #[serde(rename = "jobID")]
    job: Option<String>,
}

/// Removes an ended job with all that belongs to it.
#[utoipa::path(post, path = "/edge/v1/proc/job/{job}/delete", operation_id = "delete_job", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    request_body(content = Option<DeleteBody>, content_type = "application/json"),
    responses(
        (status = 204, description = "It is gone."),
    ),
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let received = received(&shared, &caller, Some(Right::JobsWrite), request, SMALL).await?;
    let DeleteBody { job: again } = json_body::read_if_any(&received.bytes)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    if let Some(again) = again.filter(|again| !again.is_empty()) {
        let other = lookup::job(&shared.manager, caller.organisation(), &again).await?;
        if other.id != job.id {
            return Err(Refusal::at(ErrorId::InvalidInput, "/jobID", "is another job than that of the address"));
        }
    }
    shared.manager.purge(caller.organisation(), job.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
