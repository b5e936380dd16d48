//! `GET /v1/organisations/{organisation}`

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::body::OrganisationBody;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// One organisation. Needs `admin`.
#[utoipa::path(get, path = "/v1/organisations/{organisation}", operation_id = "get_organisation", tag = "organisations",
    params(("organisation" = String, Path, description = "Its name.")),
    responses(
        (status = 200, description = "The organisation.", body = OrganisationBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(name): Segments<Organisation>,
) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let record = shared.manager.organisation(&name)?;
    Ok(json::answer(StatusCode::OK, &OrganisationBody::of(&record)))
}
