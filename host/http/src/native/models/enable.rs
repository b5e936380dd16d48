//! `POST /v1/providers/{provider}/models/{model}/enable` and `…/disable`

use std::sync::Arc;

use analyte_core::names::{ModelName, ProviderName};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::{ModelBody, shown};
use crate::entry::auth::Caller;
use crate::native::path_and_query::Segments;
use crate::native::providers::change::to_change;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// Lets a model take jobs again; harmless where it does.
#[utoipa::path(post, path = "/v1/providers/{provider}/models/{model}/enable", operation_id = "enable_model", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("model" = String, Path, description = "The model's name."),
        ("organisation" = Option<String>, Query, description = "Whose the provider is, for administrators; usually that of all."),
    ),
    responses(
        (status = 200, description = "The model.", body = ModelBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn enable(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((provider, model)): Segments<(ProviderName, ModelName)>,
    uri: Uri,
) -> Result<Response, Problem> {
    switch(&shared, &caller, &provider, &model, &uri, true).await
}

/// Lets a model, built in or published, take no new jobs: they are refused with `conflict`. Those that were submitted go on.
#[utoipa::path(post, path = "/v1/providers/{provider}/models/{model}/disable", operation_id = "disable_model", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("model" = String, Path, description = "The model's name."),
        ("organisation" = Option<String>, Query, description = "Whose the provider is, for administrators; usually that of all."),
    ),
    responses(
        (status = 200, description = "The model.", body = ModelBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn disable(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((provider, model)): Segments<(ProviderName, ModelName)>,
    uri: Uri,
) -> Result<Response, Problem> {
    switch(&shared, &caller, &provider, &model, &uri, false).await
}

async fn switch(
    shared: &Shared,
    caller: &Caller,
    provider: &ProviderName,
    model: &ModelName,
    uri: &Uri,
    enabled: bool,
) -> Result<Response, Problem> {
    let key = to_change(shared, caller, provider, uri)?;
    let model = shared.manager.set_model_enabled(&key, model, enabled).await?;
    shown(model).answer_holding(shared.manager.computing(caller.organisation()), StatusCode::OK, Vec::new())
}
