//! `POST /edge/v1/proc/scheduled_job/{scheduled_job}/delete`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::{Request, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::aiware::body::{SMALL, received};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::path::Segments;
use crate::aiware::schedules::{change, find};
use crate::entry::auth::Caller;
use crate::request::json_body::{self, Member};
use crate::shared::Shared;

/// Says once more which scheduled job is meant, or nothing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeleteScheduledJob)]
struct DeleteBody<'a> {
    /// A text or a number.
    #[serde(borrow, rename = "scheduledJobID", alias = "scheduledJobId")]
    #[schema(value_type = Option<String>)]
    schedule: Option<Member<'a>>,
}

/// Removes a scheduled job. Its jobs stay, also those that wait.
#[utoipa::path(post, path = "/edge/v1/proc/scheduled_job/{scheduled_job}/delete", operation_id = "delete_scheduled_job", tag = "scheduled jobs",
    params(
        ("scheduled_job" = String, Path, description = "Its number or its UUID."),
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
    let DeleteBody { schedule: again } = json_body::read_if_any(&received.bytes)?;
    let (manager, organisation) = (&shared.manager, caller.organisation());
    let found = find::one(manager, organisation, &id).await?;
    if let Some(again) = again.map(|again| find::id_in(&again, "/scheduledJobID")).transpose()?
        && find::one(manager, organisation, &again).await?.schedule.id != found.schedule.id
    {
        let message = "is another scheduled job than that of the address";
        return Err(Refusal::at(ErrorId::InvalidInput, "/scheduledJobID", message));
    }
    change::remove(manager, organisation, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
