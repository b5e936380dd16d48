//! `GET /v1/providers/{provider}/models`

use std::sync::Arc;

use analyte_core::names::ProviderName;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::{ModelsBody, written};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::{Segments, named};
use crate::problem::Problem;
use crate::shared::Shared;

/// All models of a provider.
#[utoipa::path(get, path = "/v1/providers/{provider}/models", operation_id = "list_models", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("organisation" = Option<String>, Query, description = "As this organisation sees it, for administrators."),
    ),
    responses(
        (status = 200, description = "By name.", body = ModelsBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(provider): Segments<ProviderName>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let asked = named(&uri, "organisation")?;
    let models = shared.manager.models(caller.speaking_for(asked.as_ref())?, &provider)?;
    Listing::within(&ModelsBody::default(), models, written)
        .answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept)
        .await
}
