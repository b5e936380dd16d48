//! `GET /v1/organisations`

use std::sync::Arc;

use analyte_jobs::{OrganisationRecord, Right};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::body::{OrganisationBody, OrganisationsBody};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part};
use crate::problem::Problem;
use crate::shared::Shared;

/// All organisations; `default` is always among them. Needs `admin`.
#[utoipa::path(get, path = "/v1/organisations", operation_id = "list_organisations", tag = "organisations", responses(
    (status = 200, description = "By name.", body = OrganisationsBody),
))]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let records = shared.manager.organisations();
    let write = |record: &Arc<OrganisationRecord>, part: &mut Part<'_>| {
        serde_json::to_writer(part, &OrganisationBody::of(record))
    };
    Listing::within(&OrganisationsBody::default(), records, write)
        .answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept)
        .await
}
