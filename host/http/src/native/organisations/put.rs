//! `PUT /v1/organisations/{organisation}`

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_jobs::{NewOrganisation, Right};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use super::body::{NewOrganisationBody, OrganisationBody};
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::json_body;
use crate::request::negotiate::require_json;
use crate::shared::Shared;

/// Longest body of this call.
const MOST_BYTES: u64 = 64 * 1024;

/// Makes an organisation, or changes the one of this name to just what is said here. Needs `admin`.
#[utoipa::path(put, path = "/v1/organisations/{organisation}", operation_id = "put_organisation", tag = "organisations",
    params(("organisation" = String, Path, description = "The name it shall go by.")),
    request_body(content = Option<NewOrganisationBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "Changed.", body = OrganisationBody),
        (status = 201, description = "Made.", body = OrganisationBody, headers(("Location" = String, description = "Its address."))),
        (status = 409, description = "There are as many as there may be.", body = ProblemBody),
    )
)]
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(name): Segments<Organisation>,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let (parts, content) = request.into_parts();
    require_json(&parts.headers)?;
    let received = body::receive(&shared, caller.organisation(), content, MOST_BYTES).await?;
    let (record, changed) = shared.manager.put_organisation(asked(name, &received.bytes)?).await?;
    let status = if changed { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = json::answer(status, &OrganisationBody::of(&record));
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/organisations/{}", record.name)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

fn asked(name: Organisation, body: &[u8]) -> Result<NewOrganisation, Problem> {
    let NewOrganisationBody { description, queued_jobs } = json_body::read_if_any(body)?;
    Ok(NewOrganisation { name, description: description.unwrap_or_default(), queued_jobs })
}
