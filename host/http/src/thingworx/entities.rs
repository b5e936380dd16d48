//! `GET /Thingworx/{collection}` and `GET /Thingworx/{collection}/{entity}` with or without `/Metadata`: what there is.
//!
//! They are the same for everybody who has a key.

use std::sync::Arc;

use analyte_core::base_type::BaseType;
use analyte_core::codes::Code;
use analyte_core::infotable::{Cell, Rows};
use analyte_core::shape::Field;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;

use super::accept::{Accept, AnswerFormat};
use super::answer::answer;
use super::error::{Refusal, ServiceError, no_such_address};
use super::service::{Answer, Entity, ResultType};
use super::{metadata, services};
use crate::entry::auth::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Collections of the platform of which nothing is offered here. They are named so that a client learns that its entity
/// is not there, rather than that its address is wrong.
const EMPTY: [&str; 12] = [
    "ApplicationKeys",
    "DataShapes",
    "Groups",
    "Logs",
    "Mashups",
    "MediaEntities",
    "Organizations",
    "Projects",
    "Subsystems",
    "ThingShapes",
    "ThingTemplates",
    "Users",
];

/// All entities of a collection, as a table.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Path(collection): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let entities = services::collection(&collection).ok_or_else(no_such_address)?;
    let format = format(&shared, &request)?;
    let mut rows = Rows::new(vec![Field::new("name", BaseType::String), Field::new("description", BaseType::String)]);
    for entity in entities {
        rows.push(vec![Cell::Text(entity.name.to_owned()), Cell::Text(entity.description.to_owned())]);
    }
    let table = rows.table().map_err(|error| Problem::new(Code::HostError, error))?;
    let answered =
        answer(&shared, caller.organisation(), format, &collection, ResultType::Table(None), Answer::Table(table))
            .await;
    answered.map_err(plain)
}

/// One entity with its services.
pub(super) async fn metadata(
    State(shared): State<Arc<Shared>>,
    Path((collection, name)): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let entity = find(&collection, &name)?;
    let format = format(&shared, &request)?;
    let description = Answer::Json(metadata::of(&collection, entity));
    let answered = answer(&shared, caller.organisation(), format, entity.name, ResultType::Json, description).await;
    answered.map_err(plain)
}

/// The entity of this name; refuses what is not there.
pub(super) fn find(collection: &str, name: &str) -> Result<&'static Entity, Refusal> {
    services::find(collection, name).ok_or_else(|| {
        let known = services::collection(collection).is_some() || EMPTY.contains(&collection);
        if known { Refusal::no_entity(name) } else { no_such_address() }
    })
}

/// The format that the client of this request accepts.
pub(super) fn format(shared: &Shared, request: &Request) -> Result<AnswerFormat, Refusal> {
    let accept = Accept::of(request.uri(), request.headers(), shared.thingworx.default_accept);
    accept.format().ok_or_else(|| {
        let detail = "answers are application/json, text/xml, text/csv or text/html, and Accept names none of them";
        Refusal::new(Problem::new(Code::UnsupportedMediaType, detail).status(StatusCode::NOT_ACCEPTABLE))
    })
}

/// No service was called.
fn plain(error: ServiceError) -> Refusal {
    match error {
        ServiceError::Refused(problem) => Refusal::new(problem),
        ServiceError::Failed(message) => Refusal::new(Problem::new(Code::HostError, message)),
        ServiceError::NotAuthorized => Refusal::new(Problem::new(Code::Forbidden, "the token does not allow this")),
    }
}
