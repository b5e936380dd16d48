//! `GET /v1/providers`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::{ProvidersBody, Shown, written};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::named;
use crate::problem::Problem;
use crate::shared::Shared;

/// All installed providers that the caller's organisation may use.
#[utoipa::path(get, path = "/v1/providers", operation_id = "list_providers", tag = "providers",
    params(
        ("organisation" = Option<String>, Query, description = "As this organisation sees it, for administrators."),
    ),
    responses(
        (status = 200, description = "By name.", body = ProvidersBody),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let asked = named(&uri, "organisation")?;
    let providers = shared.manager.providers(caller.speaking_for(asked.as_ref())?);
    let shown = providers.into_iter().map(|provider| Shown::of(&shared.manager, provider)).collect();
    Listing::within(&ProvidersBody::default(), shown, written)
        .answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept)
        .await
}
