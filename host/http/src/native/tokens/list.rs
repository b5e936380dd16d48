//! `GET /v1/tokens`

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_jobs::{Right, TokenRecord};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::{TokenBody, TokensBody};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part};
use crate::native::path_and_query::named;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// The tokens of all organisations, or of one. Needs `admin`.
#[utoipa::path(get, path = "/v1/tokens", operation_id = "list_tokens", tag = "tokens",
    params(("organisation" = Option<String>, Query, description = "Only its tokens.")),
    responses(
        (status = 200, description = "Oldest first.", body = TokensBody),
        (status = 404, description = "There is no such organisation.", body = ProblemBody),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let records = match named::<Organisation>(&uri, "organisation")? {
        Some(organisation) => {
            shared.manager.organisation(&organisation)?;
            shared.manager.tokens(&organisation)
        }
        None => shared.manager.all_tokens(),
    };
    let write = |record: &Arc<TokenRecord>, part: &mut Part<'_>| serde_json::to_writer(part, &TokenBody::of(record));
    Listing::within(&TokensBody::default(), records, write)
        .answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept)
        .await
}
