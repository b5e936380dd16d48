//! How calls fail, as ThingWorx clients know it: a status and one sentence.
//!
//! `Unable to Invoke Service S on E : message` with 500 for whatever the service itself says no to; 403 where the token
//! does not allow the service; 429 or 503 with `Retry-After` where it is worth trying again; 404 for what is not there, and
//! so on for what goes wrong outside a service. The sentence is text, or a page where a page was asked for, or a problem
//! (RFC 9457) where that was. What programs can act on stands in the header `Analyte-Error-Code` in any case.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::visible::visible;
use analyte_jobs::JobsError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};

use super::accept::RefusalFormat;
use super::answer::html;
use crate::problem::{self, Problem};

/// Says what went wrong as a word that programs can act on.
const ERROR_CODE: HeaderName = HeaderName::from_static("analyte-error-code");

/// Why a service did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum ServiceError {
    /// The token does not allow this service, or not for this entity.
    NotAuthorized,
    /// It says no for this reason. The code beside it is `invalid-input`; see [`ServiceError::coded`] for others.
    Failed(String),
    /// It says no with all that the native surface would say. A busy server is answered as such.
    Refused(Problem),
}

impl ServiceError {
    /// Says no for this reason, with this code.
    pub(crate) fn coded(code: Code, message: impl Into<String>) -> Self {
        match code {
            Code::Forbidden => Self::NotAuthorized,
            code => Self::Refused(Problem::new(code, message)),
        }
    }

    /// A parameter has to be there.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::Failed(format!("the parameter {parameter} is missing"))
    }

    /// As the answer to a call of this service.
    pub(super) fn refusal(self, service: &str, entity: &str) -> Refusal {
        let problem = match self {
            Self::NotAuthorized => {
                let sentence = format!("Not authorized for ServiceInvoke on {service} in {entity}");
                return Refusal::new(Problem::new(Code::Forbidden, sentence));
            }
            Self::Failed(message) => Problem::new(Code::InvalidInput, message),
            Self::Refused(problem) => problem,
        };
        let sentence = match problem.detail() {
            "" => format!("Unable to Invoke Service {service} on {entity}"),
            message => format!("Unable to Invoke Service {service} on {entity} : {message}"),
        };
        let problem = match problem.code() {
            Code::Busy => problem,
            _ => problem.status(StatusCode::INTERNAL_SERVER_ERROR),
        };
        Refusal { sentence, problem }
    }
}

impl From<JobsError> for ServiceError {
    fn from(error: JobsError) -> Self {
        match error.code() {
            Code::Forbidden => Self::NotAuthorized,
            _ => Self::Refused(Problem::from(error)),
        }
    }
}

impl From<Problem> for ServiceError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// A call that was refused. Handlers answer it as it is; the way out, which knows what the client accepts, gives it its
/// format.
#[derive(Debug)]
pub(crate) struct Refusal {
    sentence: String,
    problem: Problem,
}

impl Refusal {
    /// Says what the problem says.
    pub(crate) fn new(problem: Problem) -> Self {
        Self { sentence: problem.detail().to_owned(), problem }
    }

    /// There is no such entity.
    pub(crate) fn no_entity(name: &str) -> Self {
        let name: String = name.chars().take(200).collect();
        Self::new(Problem::new(Code::NotFound, format!("Entity Not Found : [{name}]")))
    }

    /// As the answer to a client that wants it so.
    pub(super) fn answer(&self, format: RefusalFormat) -> Response {
        let status = self.problem.status_code();
        let (media_type, body) = match format {
            RefusalFormat::Text => ("text/plain; charset=utf-8", visible(&self.sentence).into_owned().into_bytes()),
            RefusalFormat::Html => (html::MEDIA_TYPE, html::refusal(status, &self.sentence).into_bytes()),
            // A body of strings and numbers cannot fail to be written.
            RefusalFormat::Problem => {
                (problem::MEDIA_TYPE, serde_json::to_vec(&self.problem.body()).unwrap_or_default())
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.extend(self.problem.headers().iter().cloned());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(ERROR_CODE, HeaderValue::from_static(self.problem.code().as_str()));
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

impl From<JobsError> for Refusal {
    fn from(error: JobsError) -> Self {
        Self::new(Problem::from(error))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.answer(RefusalFormat::Text);
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// The same answer in this format, where it is a refusal.
pub(super) fn in_format(mut response: Response, format: RefusalFormat) -> Response {
    let Some(refusal) = response.extensions_mut().remove::<Arc<Refusal>>() else { return response };
    let mut written = refusal.answer(format);
    for (name, value) in response.headers() {
        if !written.headers().contains_key(name) && name != http::header::CONTENT_LENGTH {
            written.headers_mut().append(name, value.clone());
        }
    }
    written
}

/// Nothing is offered at the address.
pub(super) fn no_such_address() -> Refusal {
    Refusal::new(Problem::new(
        Code::NotFound,
        "there is nothing at this address; GET /Thingworx/Resources lists what is",
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    async fn answered(error: ServiceError, format: RefusalFormat) -> (u16, String, String, String) {
        let response = in_format(error.refusal("SubmitJob", "E").into_response(), format);
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        let (media_type, code) = (header("content-type"), header("analyte-error-code"));
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, media_type, code, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_service_fails_with_one_sentence() {
        let text = "text/plain; charset=utf-8".to_owned();
        let sentence = |message: &str| format!("Unable to Invoke Service SubmitJob on E : {message}");
        for (error, status, code, body) in [
            (ServiceError::Failed("no".to_owned()), 500, "invalid-input", sentence("no")),
            (ServiceError::missing("jobId"), 500, "invalid-input", sentence("the parameter jobId is missing")),
            (ServiceError::coded(Code::NotFound, "there is no job"), 500, "not-found", sentence("there is no job")),
            (ServiceError::coded(Code::DiskFull, "full"), 500, "disk-full", sentence("full")),
            (
                ServiceError::coded(Code::AnalysisError, "a\u{202e}b\u{1b}[2J\nc"),
                500,
                "analysis-error",
                sentence("a\\u{202e}b\\u{1b}[2J\nc"),
            ),
            (ServiceError::coded(Code::Busy, "later"), 503, "busy", sentence("later")),
            (
                ServiceError::Refused(Problem::new(Code::Busy, "later").status(StatusCode::TOO_MANY_REQUESTS)),
                429,
                "busy",
                sentence("later"),
            ),
            (
                ServiceError::coded(Code::Forbidden, "the token does not allow this"),
                403,
                "forbidden",
                "Not authorized for ServiceInvoke on SubmitJob in E".to_owned(),
            ),
        ] {
            assert_eq!(answered(error, RefusalFormat::Text).await, (status, text.clone(), code.to_owned(), body));
        }
    }

    #[tokio::test]
    async fn a_problem_and_a_page_are_given_to_those_who_ask() {
        let (status, media_type, code, body) =
            answered(ServiceError::coded(Code::NotFound, "there is no job `<x>`"), RefusalFormat::Problem).await;
        assert_eq!((status, media_type.as_str(), code.as_str()), (500, "application/problem+json", "not-found"));
        let expected = serde_json::json!({
            "type": "urn:analyte:problem:not-found",
            "title": "There is no such thing, or it belongs to another organisation.",
            "status": 500,
            "detail": "there is no job `<x>`",
            "code": "not-found",
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), expected);
        let (status, media_type, _, body) =
            answered(ServiceError::coded(Code::NotFound, "there is no job `<x>`"), RefusalFormat::Html).await;
        assert_eq!((status, media_type.as_str()), (500, "text/html; charset=utf-8"));
        assert!(body.contains("Unable to Invoke Service SubmitJob on E : there is no job `&lt;x&gt;`"), "{body}");
    }
}
