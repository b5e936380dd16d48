//! `POST /edge/v1/admin/auth`: whether a token of the caller's organisation allows something.

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::aiware::admit;
use crate::aiware::body::{SMALL, received};
use crate::aiware::envelope::Success;
use crate::aiware::error::{ErrorId, Refusal};
use crate::entry::auth::Caller;
use crate::native::json;
use crate::request::json_body;
use crate::shared::Shared;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuthBody {
    auth: QuestionBody,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuestionBody {
    /// `view` or `execute`.
    action: String,
    /// One of the rights here, or one of the product that has its name before a dot: `job.create`.
    #[serde(rename = "permissionID", alias = "permissionId")]
    permission: Option<String>,
    /// Left out: the caller's own.
    token: Option<String>,
}

/// Whether a token allows something.
#[utoipa::path(post, path = "/edge/v1/admin/auth", operation_id = "auth", tag = "access",
    request_body(content = AuthBody, content_type = "application/json"),
    responses(
        (status = 200, description = "`success`: whether it is allowed.", body = Success),
    ),
)]
pub(crate) async fn auth(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let received = received(&shared, &caller, None, request, SMALL).await?;
    let AuthBody { auth: QuestionBody { action, permission, token } } = json_body::read(&received.bytes)?;
    let right = right_of(&action, permission.as_deref())?;
    let principal = match token.filter(|token| !token.is_empty()) {
        Some(token) => match admit::principal(&shared.manager, &token) {
            Ok(principal) => Some(principal).filter(|principal| principal.organisation == *caller.organisation()),
            Err(refusal) if refusal.id() == ErrorId::AuthenticationError => None,
            Err(refusal) => return Err(refusal),
        },
        None => Some(caller.principal().clone()),
    };
    let success = principal.is_some_and(|principal| principal.may(right));
    Ok(json::answer(StatusCode::OK, &Success { success, error: None }))
}

/// The right that is asked about.
fn right_of(action: &str, permission: Option<&str>) -> Result<Right, Refusal> {
    let by_action = match action.to_ascii_lowercase().as_str() {
        "view" => Right::JobsRead,
        "execute" => Right::JobsWrite,
        _ => return Err(Refusal::at(ErrorId::InvalidInput, "/auth/action", "must be `view` or `execute`")),
    };
    let Some(permission) = permission.filter(|permission| !permission.is_empty()) else { return Ok(by_action) };
    let of_product = match permission {
        "job.read" | "task.read" => Some(Right::JobsRead),
        "job.create" | "job.update" | "job.delete" | "task.create" | "task.update" | "task.delete" => {
            Some(Right::JobsWrite)
        }
        _ => None,
    };
    of_product.or_else(|| Right::parse(permission)).ok_or_else(|| {
        let rights = Right::ALL.map(Right::as_str).join("`, `");
        let message = format!("must be one of `{rights}`, or `job.` or `task.` with read, create, update or delete");
        Refusal::at(ErrorId::InvalidInput, "/auth/permissionID", message)
    })
}
