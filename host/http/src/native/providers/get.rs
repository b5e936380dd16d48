//! `GET /v1/providers/{provider}`

use std::sync::Arc;

use analyte_core::names::ProviderName;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::{ProviderBody, Shown, written};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::{Segments, named};
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// One provider.
#[utoipa::path(get, path = "/v1/providers/{provider}", operation_id = "get_provider", tag = "providers",
    params(
        ("provider" = String, Path, description = "Its name."),
        ("organisation" = Option<String>, Query, description = "As this organisation sees it, for administrators."),
    ),
    responses(
        (status = 200, description = "The provider.", body = ProviderBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(name): Segments<ProviderName>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let asked = named(&uri, "organisation")?;
    let provider = shared.manager.provider(caller.speaking_for(asked.as_ref())?, &name)?;
    let shown = Shown::of(&shared.manager, provider);
    Listing::one(shown, written).answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept).await
}
