//! JSON answers, and how single values look in them.

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::Reservation;
use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Serialize, Serializer};

use crate::body;
use crate::gate::Shared;
use crate::problem::Problem;

/// Up to this size no memory is set aside: there are no more such answers than connections.
const SMALL: u64 = 64 * 1024;

/// An answer of this value.
pub(crate) fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    // Bodies are strings, numbers, lists and maps with string keys: writing them cannot fail.
    bytes(status, serde_json::to_vec(value).unwrap_or_default())
}

/// An answer of this value, which may be large: memory is set aside for it for as long as the client takes to read it.
pub(crate) fn answer_held(
    shared: &Shared,
    organisation: &Organisation,
    status: StatusCode,
    value: &impl Serialize,
) -> Result<Response, Problem> {
    // As above.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let length = json.len() as u64;
    let reserved = if length > SMALL { vec![shared.manager.reserve_memory(organisation, length)?] } else { Vec::new() };
    Ok(bytes(status, body::holding(json.into(), reserved)))
}

/// An answer of this value in room that was set aside before. For what has happened already, and may not be refused any
/// more for want of room.
pub(crate) fn answer_holding(status: StatusCode, value: &impl Serialize, reserved: Vec<Reservation>) -> Response {
    // As above.
    bytes(status, body::holding(serde_json::to_vec(value).unwrap_or_default().into(), reserved))
}

/// An answer of JSON that was written before.
pub(crate) fn bytes(status: StatusCode, json: impl Into<Body>) -> Response {
    let mut response = Response::new(json.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A time as RFC 3339 writes it.
#[derive(Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
