//! `DELETE /v1/providers/{provider}`

use std::sync::Arc;

use analyte_core::names::ProviderName;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};

use super::change::to_remove;
use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Removes a provider with its published models.
#[utoipa::path(delete, path = "/v1/providers/{provider}", operation_id = "remove_provider", tag = "providers",
    params(
        ("provider" = String, Path, description = "Its name."),
        ("force" = Option<bool>, Query, description = "End its unfinished jobs: queued ones fail, running ones are cancelled."),
        ("organisation" = Option<String>, Query, description = "Whose, for administrators: one organisation's, instead of that for all."),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "It has unfinished jobs.", body = ProblemBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(name): Segments<ProviderName>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (key, force) = to_remove(&shared, &caller, &name, &uri)?;
    shared.manager.remove_provider(&key, force).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
