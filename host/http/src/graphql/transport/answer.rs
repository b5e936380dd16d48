//! The answer: `data` where fields were answered, `errors` only where there are some.

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use async_graphql::{Response as Executed, ServerError, Value};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::ser::{SerializeMap as _, SerializeSeq as _, Serializer};

use crate::graphql::budget::Budget;
use crate::graphql::context::now;
use crate::graphql::fault::{Fault, Written};
use crate::native::json;
use crate::native::table::compute_sized;
use crate::request::body::holding;
use crate::shared::Shared;

/// Writes the answers to one call.
pub(super) struct Answering {
    /// Names the call in its errors.
    pub(super) request: String,
}

/// An answer as it is written.
struct Body<'a> {
    /// `None`: nothing was executed.
    data: Option<&'a Value>,
    errors: &'a [ServerError],
    at: Timestamp,
    request: &'a str,
}

struct Errors<'a>(&'a Body<'a>);

impl Serialize for Errors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Body { errors, at, request, .. } = self.0;
        let mut list = serializer.serialize_seq(Some(errors.len()))?;
        for error in *errors {
            list.serialize_element(&Written { error, at: *at, request })?;
        }
        list.end()
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(data) = self.data {
            map.serialize_entry("data", data)?;
        }
        // Some clients take an empty list for a failure.
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &Errors(self))?;
        }
        map.end()
    }
}

fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Answering {
    /// Nothing was executed.
    pub(super) fn fault(&self, status: StatusCode, fault: Fault) -> Response {
        let errors = [fault.into_server_error()];
        let body = Body { data: None, errors: &errors, at: now(), request: &self.request };
        with_headers(json::answer(status, &body))
    }

    /// What was executed, or why the document is not right.
    pub(super) async fn response(
        &self,
        shared: &Arc<Shared>,
        organisation: &Organisation,
        executed: Executed,
        budget: &Budget,
    ) -> Response {
        let (of_fields, spent, held) = budget.end();
        if let Some(fault) = spent {
            let errors = [fault.into_server_error()];
            let body = Body { data: Some(&Value::Null), errors: &errors, at: now(), request: &self.request };
            return with_headers(json::answer(StatusCode::OK, &body));
        }
        let begun = budget.begun();
        let status = if begun { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let Executed { data, mut errors, .. } = executed;
        errors.extend(of_fields);
        let (at, request) = (now(), self.request.clone());
        let length = usize::try_from(budget.bytes()).unwrap_or(usize::MAX);
        let write = move || {
            let body = Body { data: begun.then_some(&data), errors: &errors, at, request: &request };
            serde_json::to_vec(&body).map(Bytes::from)
        };
        match compute_sized(shared, organisation, length, write).await {
            Ok(Ok(bytes)) => with_headers(json::bytes(status, holding(bytes, held))),
            Ok(Err(error)) => {
                tracing::error!(%error, "an answer cannot be written");
                let fault = Fault::new(crate::graphql::fault::Name::InternalError, "the answer cannot be written");
                self.fault(StatusCode::INTERNAL_SERVER_ERROR, fault)
            }
            Err(problem) => self.fault(StatusCode::SERVICE_UNAVAILABLE, problem.into()),
        }
    }
}
