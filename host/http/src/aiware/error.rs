//! How calls fail: a status and `{"id", "description", "detail"}`.
//!
//! `id` is from the one list below and never changes its meaning; `description` says what it means; `detail` says what
//! happened in this call. Statuses are those that the product declares for every call, and 500 for a fault of the
//! platform. What lies behind such a fault goes into the log, not into the answer.

use analyte_core::codes::Code;
use analyte_jobs::JobsError;
use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::native::json;
use crate::problem::Problem;

macro_rules! errors {
    ($( $variant:ident $id:literal $status:literal $description:literal; )*) => {
        /// What a program can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ErrorId {
            $( #[doc = $description] $variant, )*
        }

        impl ErrorId {
            /// Every one, in the order of the documentation.
            pub(crate) const ALL: &[Self] = &[ $( Self::$variant, )* ];

            /// The word itself.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $id, )* }
            }
            /// The status of its answer.
            pub(crate) fn status(self) -> u16 {
                match self { $( Self::$variant => $status, )* }
            }
            /// What it means, in one sentence.
            pub(crate) fn description(self) -> &'static str {
                match self { $( Self::$variant => $description, )* }
            }
        }
    };
}

errors! {
    // This one is public.
    Malformed "ETK001" 400 "The request cannot be read: it is not JSON, or a member is missing, not known or of the wrong type.";
    InvalidInput "invalid_input" 400 "The request can be read, and does not fit.";
    TooLarge "too_large" 400 "The body or a part of it is larger than its limit.";
    WrongState "wrong_state" 400 "The state of the job or the task does not allow this.";
    AuthenticationError "authentication_error" 401 "There is no token, or it is not valid.";
    NotAllowed "not_allowed" 403 "The token does not allow this.";
    NotFound "not_found" 404 "There is no such thing, or it belongs to another organisation.";
    MethodNotAllowed "method_not_allowed" 405 "The address exists, but not with this method.";
    RateLimited "rate_limited" 429 "The token makes too many calls, or its organisation has all it may have; try again after the time in Retry-After.";
    InternalError "internal_error" 500 "The platform's own fault.";
    NotImplemented "not_implemented" 501 "This part of the product has no meaning here, or is not offered yet.";
    ServiceUnavailable "service_unavailable" 503 "There is no room now; try again after the time in Retry-After.";
}

/// A call that was refused.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    id: ErrorId,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A refusal as it stands in a body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    id: &'static str,
    description: &'static str,
    detail: &'a str,
}

impl Refusal {
    /// Refused for this reason; `detail` says what happened.
    pub(crate) fn new(id: ErrorId, detail: impl Into<String>) -> Self {
        let headers = match id {
            ErrorId::AuthenticationError => vec![(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))],
            _ => Vec::new(),
        };
        Self(Box::new(Inner { id, detail: detail.into(), headers }))
    }

    /// This place of the body is wrong.
    pub(crate) fn at(id: ErrorId, pointer: &str, message: impl std::fmt::Display) -> Self {
        Self::new(id, format!("`{pointer}` {message}"))
    }

    /// Says before the detail what it is about.
    #[must_use]
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.0.detail = format!("{what}: {}", self.0.detail);
        self
    }

    /// What a program can act on.
    pub(crate) fn id(&self) -> ErrorId {
        self.0.id
    }

    /// What happened.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// As it stands in a body.
    pub(crate) fn body(&self) -> ErrorBody<'_> {
        let Inner { id, detail, .. } = self.0.as_ref();
        ErrorBody { id: id.as_str(), description: id.description(), detail }
    }
}

/// The id for what the native surface would answer with this code and status.
fn id_of(code: Code, status: StatusCode) -> ErrorId {
    match code {
        Code::Busy if status == StatusCode::TOO_MANY_REQUESTS => ErrorId::RateLimited,
        Code::Busy | Code::DiskFull | Code::ProviderUnavailable => ErrorId::ServiceUnavailable,
        Code::Malformed | Code::UnsupportedMediaType => ErrorId::Malformed,
        Code::TooLarge => ErrorId::TooLarge,
        Code::InvalidInput
        | Code::OutputTooLarge
        | Code::IdempotencyMismatch
        | Code::InvalidComponent
        | Code::AnalysisError
        | Code::OutOfFuel
        | Code::OutOfMemory
        | Code::Timeout
        | Code::StackOverflow => ErrorId::InvalidInput,
        Code::AlreadyFinished
        | Code::NotFinished
        | Code::NoResult
        | Code::SeveralResults
        | Code::Conflict
        | Code::Cancelled
        | Code::ParentFailed => ErrorId::WrongState,
        Code::Unauthorized => ErrorId::AuthenticationError,
        Code::Forbidden | Code::CapabilityDenied => ErrorId::NotAllowed,
        Code::NotFound => ErrorId::NotFound,
        Code::MethodNotAllowed => ErrorId::MethodNotAllowed,
        Code::HostError | Code::NotStopped | Code::Trap | Code::InvalidResult => ErrorId::InternalError,
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let mut refusal = Self::new(id_of(problem.code(), problem.status_code()), problem.detail());
        let waits = problem.headers().iter().filter(|(name, _)| name == RETRY_AFTER);
        refusal.0.headers.extend(waits.cloned());
        refusal
    }
}

impl From<JobsError> for Refusal {
    fn from(error: JobsError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let id = self.0.id;
        let status = StatusCode::from_u16(id.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json::answer(status, &self.body());
        let headers = response.headers_mut();
        headers.extend(self.0.headers);
        if matches!(id, ErrorId::RateLimited | ErrorId::ServiceUnavailable) {
            headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_for_clients_lists_every_id() {
        let page = include_str!("../../../../docs/aiware.md");
        for id in ErrorId::ALL {
            let row = format!("| `{}` | {} | {} |", id.as_str(), id.status(), id.description());
            assert!(page.contains(&row), "docs/aiware.md has no row {row}");
        }
    }

    #[test]
    fn what_is_busy_says_when_to_come_back() {
        let answer = Refusal::new(ErrorId::RateLimited, "x").into_response();
        assert_eq!(answer.headers().get(RETRY_AFTER), Some(&HeaderValue::from_static("1")));
        let native = Problem::new(Code::Busy, "x").header(RETRY_AFTER, HeaderValue::from_static("7"));
        let answer = Refusal::from(native).into_response();
        assert_eq!(answer.headers().get(RETRY_AFTER), Some(&HeaderValue::from_static("7")));
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
