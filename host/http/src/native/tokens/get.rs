//! `GET /v1/tokens/{token}`

use std::sync::Arc;

use analyte_core::codes::Code;
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

/// One token. Needs `admin`.
#[utoipa::path(get, path = "/v1/tokens/{token}", operation_id = "get_token", tag = "tokens",
    params(("token" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The token.", body = TokenBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    match shared.manager.all_tokens().iter().find(|record| record.id == id) {
        Some(record) => Ok(json::answer(StatusCode::OK, &TokenBody::of(record))),
        None => Err(Problem::new(Code::NotFound, "there is no such token")),
    }
}
