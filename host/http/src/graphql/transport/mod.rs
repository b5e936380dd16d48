//! The call: `POST /v3/graphql`. It finds out who asks, reads the request, checks the document, has it executed, and writes the
//! answer.
//!
//! How it fails: 400 with `errors` alone where the request cannot be read or its document is not right; 200 where fields were
//! answered, whatever became of them; 429 and 503 where there is no room now.

mod answer;
mod form;
mod read;

use std::sync::Arc;

use analyte_core::names::Organisation;
use async_graphql::Request as Execution;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use uuid::Uuid;

use self::answer::Answering;
use self::read::Read;
use super::Everything;
use super::budget::Budget;
use super::context::Asking;
use super::document;
use super::fault::{Fault, Name};
use crate::aiware::admit;
use crate::aiware::error::{ErrorId, Refusal};
use crate::native::table::compute_sized;
use crate::shared::Shared;

/// What the call needs.
pub(super) struct Served {
    pub(super) schema: Everything,
    pub(super) shared: Arc<Shared>,
}

/// Answers one request.
pub(super) async fn call(State(served): State<Arc<Served>>, request: Request) -> Response {
    let shared = &served.shared;
    let answering = Answering { request: Uuid::now_v7().to_string() };
    let asking = match admit::caller(&shared.manager, request.headers()) {
        Ok(caller) => Ok(caller),
        Err(refusal) if refusal.id() == ErrorId::AuthenticationError => Err(refusal.detail().to_owned()),
        Err(refusal) => return answering.refusal(refusal),
    };
    let organisation = asking.as_ref().ok().map(|caller| caller.organisation().clone());
    // What a caller takes who is not known takes nothing of any organisation, since it is small.
    let of = organisation.clone().unwrap_or_else(Organisation::default_one);
    let (parts, content) = request.into_parts();
    let read = match read::read(shared, &of, organisation.is_some(), &parts.headers, content).await {
        Ok(read) => read,
        Err(refusal) => return answering.refusal(refusal),
    };
    let Read { query, variables, operation, reserved } = read;
    let (limits, length) = (shared.limits.clone(), query.len());
    let parsed = compute_sized(shared, &of, length, move || document::read(&query, &limits)).await;
    let document = match parsed.map_err(Fault::from).and_then(|parsed| parsed) {
        Ok(document) => document,
        Err(fault) => return answering.fault(StatusCode::BAD_REQUEST, fault),
    };
    if let Err(fault) = document::variables::check(&document, operation.as_deref(), &variables) {
        return answering.fault(StatusCode::BAD_REQUEST, fault);
    }
    let budget = Arc::new(Budget::new(shared.clone(), organisation));
    let mut execution = Execution::new(String::new()).variables(variables);
    execution.operation_name = operation;
    execution.set_parsed_query(document);
    let execution = execution.data(shared.clone()).data(Asking(asking)).data(budget.clone());
    let response = served.schema.execute(execution).await;
    drop(reserved);
    answering.response(shared, &of, response, &budget).await
}

/// Answers what is no POST.
pub(super) async fn other_method() -> Response {
    let answering = Answering { request: Uuid::now_v7().to_string() };
    let fault = Fault::new(Name::InvalidInput, "this address takes POST only");
    let mut response = answering.fault(StatusCode::METHOD_NOT_ALLOWED, fault);
    response.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static("POST"));
    response
}

impl Answering {
    /// A call that was refused before its document was looked at.
    fn refusal(&self, refusal: Refusal) -> Response {
        // 429 and 503 have a header that says when to come back.
        let wait = match refusal.id() {
            ErrorId::RateLimited => Some(StatusCode::TOO_MANY_REQUESTS),
            ErrorId::ServiceUnavailable => Some(StatusCode::SERVICE_UNAVAILABLE),
            ErrorId::InternalError => {
                return self.fault(StatusCode::INTERNAL_SERVER_ERROR, refusal.into());
            }
            _ => None,
        };
        let Some(status) = wait else { return self.fault(StatusCode::BAD_REQUEST, refusal.into()) };
        let fault = Fault::new(
            if status == StatusCode::TOO_MANY_REQUESTS { Name::RateLimited } else { Name::ServiceUnavailable },
            refusal.detail(),
        );
        let retry = refusal.into_response().headers().get(http::header::RETRY_AFTER).cloned();
        let mut response = self.fault(status, fault);
        if let Some(retry) = retry {
            response.headers_mut().insert(http::header::RETRY_AFTER, retry);
        }
        response
    }
}
