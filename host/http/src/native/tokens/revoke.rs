//! `DELETE /v1/tokens/{token}`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::body::TokenBody;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Ends a token at once, and the sessions that were opened with it; twice is harmless. Needs `admin`.
#[utoipa::path(delete, path = "/v1/tokens/{token}", operation_id = "revoke_token", tag = "tokens",
    params(("token" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The token as it was, and since when it is refused.", body = TokenBody),
        (status = 404, description = "There is none.", body = ProblemBody),
        (status = 409, description = "It is the last lasting one of an administrator.", body = ProblemBody),
    )
)]
pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let record = shared.manager.revoke_token(&id).await?;
    Ok(json::answer(StatusCode::OK, &TokenBody::of(&record)))
}
