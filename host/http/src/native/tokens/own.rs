//! `GET /v1/token`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::body::TokenBody;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// The token of this very call: whose it is, what it allows, until when. Any valid token may ask.
#[utoipa::path(get, path = "/v1/token", operation_id = "get_own_token", tag = "tokens", responses(
    (status = 200, description = "The token.", body = TokenBody),
    (status = 401, description = "It is not valid.", body = ProblemBody),
))]
pub(crate) async fn own(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    let own = &caller.principal().token;
    match shared.manager.tokens(caller.organisation()).iter().find(|record| record.id == *own) {
        Some(record) => Ok(json::answer(StatusCode::OK, &TokenBody::of(record))),
        // Tokens are revoked, never forgotten; but nothing else could be said.
        None => Err(Problem::unauthorized("the token is not valid")),
    }
}
