//! `GET /v1/providers/{provider}/models/{model}`

use std::sync::Arc;

use analyte_core::names::{ModelName, ProviderName};
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::{ModelBody, shown};
use crate::entry::auth::Caller;
use crate::native::listing::Items;
use crate::native::path_and_query::{Segments, named};
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// One model: its shapes, cardinality, parameters and examples.
#[utoipa::path(get, path = "/v1/providers/{provider}/models/{model}", operation_id = "get_model", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("model" = String, Path, description = "The model's name."),
        ("organisation" = Option<String>, Query, description = "As this organisation sees it, for administrators."),
    ),
    responses(
        (status = 200, description = "The model.", body = ModelBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((provider, model)): Segments<(ProviderName, ModelName)>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let asked = named(&uri, "organisation")?;
    let model = shared.manager.model(caller.speaking_for(asked.as_ref())?, &provider, &model)?;
    shown(model).answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept).await
}
