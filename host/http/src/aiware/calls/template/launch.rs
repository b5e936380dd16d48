//! `POST /edge/v1/proc/template/{template}/launch`: makes a job of a template that AI Data's GraphQL interface made.

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aiware::body::received;
use crate::aiware::envelope::Operation;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::path::Segments;
use crate::aiware::templates::kept;
use crate::aiware::templates::launch::{self, Launch};
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::table::compute_sized;
use crate::request::json_body::{self, Member};
use crate::shared::Shared;

/// What goes into the jobs of a template.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LaunchTemplate)]
struct LaunchBody<'a> {
    /// Changes nothing.
    #[serde(rename = "isInternal")]
    _is_internal: Option<bool>,
    /// An object as text: its members go into the payload of each task that takes from no other.
    #[serde(rename = "payloadJSON")]
    payload: Option<String>,
    /// Nothing, or 0.
    #[serde(borrow, rename = "scheduledJobID", alias = "scheduledJobId")]
    #[schema(value_type = Option<String>)]
    schedule: Option<Member<'a>>,
    /// Nothing, or 0.
    #[serde(borrow, rename = "sourceID", alias = "sourceId")]
    #[schema(value_type = Option<String>)]
    source: Option<Member<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LaunchedTemplate)]
struct LaunchedBody {
    operation: Operation,
}

/// Launches a template.
#[utoipa::path(post, path = "/edge/v1/proc/template/{template}/launch", operation_id = "launch_template", tag = "templates",
    params(
        ("template" = String, Path, description = "Its id."),
    ),
    request_body(content = Option<LaunchBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "Its job is kept.", body = LaunchedBody),
    ),
)]
pub(crate) async fn launch(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let most = shared.limits.body_bytes;
    let received = received(&shared, &caller, Some(Right::JobsWrite), request, most).await?;
    let LaunchBody { payload, schedule, source, .. } = json_body::read_if_any(&received.bytes)?;
    let meant = |member: &Option<Member<'_>>| {
        member.as_ref().is_some_and(|member| !["null", "0", "\"\""].contains(&member.text()))
    };
    for (member, at) in [(&schedule, "/scheduledJobID"), (&source, "/sourceID")] {
        if meant(member) {
            let message = "has no meaning here: a scheduled job makes its jobs itself, and there are no sources";
            return Err(Refusal::at(ErrorId::NotImplemented, at, message));
        }
    }
    let template = kept::one(&shared.manager, caller.organisation(), &id).await?;
    let by = caller.principal().label.to_string();
    let asked = Launch { payload: payload.filter(|text| !text.trim().is_empty()), target: None, by };
    let (limits, size) = (shared.limits.clone(), received.bytes.len());
    let read = move || launch::asked(&template.body, Some(template.id()), &asked, &limits);
    let job = compute_sized(&shared, caller.organisation(), size, read).await??;
    let made = launch::launch(&shared, &caller, vec![job]).await?;
    let operation = Operation { success: true, count: made.len() as u64, error: None };
    Ok(json::answer(StatusCode::OK, &LaunchedBody { operation }))
}
