//! `GET /v1/organisations`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::body::{OrganisationBody, OrganisationsBody};
use crate::auth::Caller;
use crate::gate::Shared;
use crate::native::json;
use crate::problem::{Problem, ProblemBody};

/// All organisations; `default` is always among them. Needs `admin`.
#[utoipa::path(get, path = "/v1/organisations", operation_id = "list_organisations", tag = "organisations", responses(
    (status = 200, description = "By name.", body = OrganisationsBody),
    (status = "4XX", description = "Refused.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "5XX", description = "The platform's fault.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let records = shared.manager.organisations();
    let organisations = records.iter().map(|record| OrganisationBody::of(record)).collect();
    json::answer_held(&shared, caller.organisation(), StatusCode::OK, &OrganisationsBody { organisations })
}
