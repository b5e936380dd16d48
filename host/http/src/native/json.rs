//! JSON answers, and how single values look in them.

use analyte_core::timestamp::Timestamp;
use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::request::strict_json::Text;

/// An answer of this value, which is small: what may be large is a [`Listing`](super::listing::Listing).
pub(crate) fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    // Bodies are strings, numbers, lists and maps with string keys: writing them cannot fail.
    bytes(status, serde_json::to_vec(value).unwrap_or_default())
}

/// An answer of JSON that was written before.
pub(crate) fn bytes(status: StatusCode, json: impl Into<Body>) -> Response {
    let mut response = Response::new(json.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Bytes as they are, for descriptions of bodies.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents bodies that are not JSON")]
pub(crate) struct Binary(Vec<u8>);

/// A time as RFC 3339 writes it.
#[derive(Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}
