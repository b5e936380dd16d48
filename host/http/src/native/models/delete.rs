//! `DELETE /v1/providers/{provider}/models/{model}`

use std::sync::Arc;

use analyte_core::names::{ModelName, ProviderName};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};

use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::native::providers::change::to_remove;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Removes a published model; a built-in one cannot be removed on its own.
#[utoipa::path(delete, path = "/v1/providers/{provider}/models/{model}", operation_id = "remove_model", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("model" = String, Path, description = "The model's name."),
        ("force" = Option<bool>, Query, description = "End its unfinished jobs: queued ones fail, running ones are cancelled."),
        ("organisation" = Option<String>, Query, description = "Whose the provider is, for administrators: one organisation's, instead of that for all."),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "It is built in, or has unfinished jobs.", body = ProblemBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((provider, model)): Segments<(ProviderName, ModelName)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (key, force) = to_remove(&shared, &caller, &provider, &uri)?;
    shared.manager.remove_model(&key, &model, force).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
