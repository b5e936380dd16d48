//! `GET /v1/providers`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::body::{ProviderBody, ProvidersBody};
use crate::auth::Caller;
use crate::gate::Shared;
use crate::native::json;
use crate::problem::{Problem, ProblemBody};

/// All installed providers.
#[utoipa::path(get, path = "/v1/providers", operation_id = "list_providers", tag = "providers", responses(
    (status = 200, description = "By name.", body = ProvidersBody),
    (status = "4XX", description = "Refused.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let providers = shared.manager.providers(caller.organisation());
    let providers = providers.iter().map(|provider| ProviderBody::of(&shared.manager, provider)).collect();
    Ok(json::answer(StatusCode::OK, &ProvidersBody { providers }))
}
