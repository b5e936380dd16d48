//! Refusals, as RFC 9457 writes them.
//!
//! A problem tells the client what it can act on: a stable `code`, a sentence, and where it can be known the member,
//! field and row. What lies behind a fault of the platform goes into the server's log instead.

use std::collections::BTreeMap;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::names::TaskName;
use analyte_core::table::problem::{Problem as TableProblem, ReadError};
use analyte_jobs::JobsError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// The media type of every refusal.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a call was refused.
#[derive(Debug)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    failure: Option<Failure>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// JSON pointer to the member of the body, where it is one member's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/input")]
    pub(crate) pointer: Option<String>,
    /// Field of the table or name of the parameter, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Row of the table, counted from 1, where it is one row's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<u64>,
    /// What is wrong.
    pub(crate) message: String,
}

impl FieldError {
    /// Wrong in this member of the body.
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), field: None, row: None, message: message.into() }
    }
}

/// A refused call.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:analyte:problem:not-found")]
    kind: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this call.
    detail: &'a str,
    /// A stable word that a program can act on.
    #[schema(example = "not-found")]
    code: &'static str,
    /// What is wrong, piece by piece; absent where the server cannot name the pieces.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// Facts about a failed run; for `analysis-error` the provider's own code stands under `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    details: Option<Details<'a>>,
    /// What lies behind a failed run, outermost first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
    /// How the component trapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    trap: Option<&'a str>,
    /// Functions of the component, innermost first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    frames: &'a [String],
    /// The end of what the component wrote to stderr.
    #[serde(skip_serializing_if = "str::is_empty")]
    stderr: &'a str,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// Facts by name as a JSON object; a name that is said twice has its values joined.
#[derive(Debug)]
pub(crate) struct Details<'a>(pub(crate) &'a [(String, String)]);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut facts: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in self.0 {
            let fact = facts.entry(name).or_default();
            if !fact.is_empty() {
                fact.push_str("; ");
            }
            fact.push_str(value);
        }
        facts.serialize(serializer)
    }
}

impl Problem {
    /// A refusal with this code's usual status.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status: StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            failure: None,
            headers: Vec::new(),
        }))
    }

    /// There is no such address.
    pub(crate) fn no_such_address() -> Self {
        Self::new(Code::NotFound, "there is nothing at this address; /openapi.json lists the calls")
    }

    /// A component's run failed, or the platform did.
    pub(crate) fn failed(failure: Failure) -> Self {
        let mut problem = Self::new(failure.code, failure.message.clone());
        problem.0.failure = Some(failure);
        problem.retry_after_if_busy()
    }

    /// The token is missing or not valid.
    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(Code::Unauthorized, detail).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// The table that was sent, under this member of the body or, where empty, as the body.
    pub(crate) fn table(error: ReadError, pointer: &str) -> Self {
        let mut problem = Self::new(error.code, error.message);
        problem.0.errors = error.problems.into_iter().map(|one| Self::table_error(one, pointer)).collect();
        if problem.0.errors.is_empty() && !pointer.is_empty() {
            problem.0.errors = vec![FieldError::at(pointer, problem.0.detail.clone())];
        }
        problem
    }

    fn table_error(problem: TableProblem, pointer: &str) -> FieldError {
        let pointer = (!pointer.is_empty()).then(|| pointer.to_owned());
        FieldError { pointer, field: problem.field, row: problem.row, message: problem.message }
    }

    /// The same problem of one task of a submission of several.
    #[must_use]
    pub(crate) fn of_task(mut self, name: &TaskName) -> Self {
        self.0.detail = format!("task `{name}`: {}", self.0.detail);
        self
    }

    /// With another status than the code's usual one.
    #[must_use]
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// With a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// With the places that are wrong.
    #[must_use]
    pub(crate) fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Says within which member of the body it is.
    #[must_use]
    pub(crate) fn within(mut self, pointer: &str) -> Self {
        for place in self.0.errors.iter_mut().filter_map(|error| error.pointer.as_mut()) {
            place.insert_str(0, pointer);
        }
        self.0.detail = format!("in `{pointer}`: {}", self.0.detail);
        self
    }

    /// What a busy server owes its client.
    #[must_use]
    fn retry_after_if_busy(self) -> Self {
        if self.0.code == Code::Busy && self.0.headers.iter().all(|(name, _)| name != RETRY_AFTER) {
            return self.header(RETRY_AFTER, HeaderValue::from(1));
        }
        self
    }

    /// The code.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }
    /// What is wrong.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }
    /// Where the first thing that is wrong stands.
    #[cfg(test)]
    pub(crate) fn pointer(&self) -> &str {
        self.0.errors.first().and_then(|error| error.pointer.as_deref()).unwrap_or("none")
    }
    /// The status of its answer.
    pub(crate) fn status_code(&self) -> StatusCode {
        self.0.status
    }
    /// Headers of its answer.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }
}

impl From<JobsError> for Problem {
    fn from(error: JobsError) -> Self {
        let code = error.code();
        if let Some(source) = std::error::Error::source(&error) {
            // The caller learns what happened; the log has what lies behind it.
            tracing::warn!(code = %error.code(), error = %error, source = %Chain(source), "a call failed");
        }
        let mut problem = Self::new(code, error.message());
        // A full queue is the caller's own doing, other ways of being busy are not.
        if error.over_quota() {
            problem = problem.status(StatusCode::TOO_MANY_REQUESTS);
        }
        let table = error.problems().iter().cloned().map(|one| Self::table_error(one, ""));
        let wrong = error.wrong().iter().map(|one| FieldError::at(one.pointer.clone(), one.message.clone()));
        problem.0.errors = table.chain(wrong).collect();
        if !error.details().is_empty() {
            let mut failure = Failure::new(code, error.message());
            for (name, value) in error.details() {
                match name.as_str() {
                    "cause" => failure.causes.push(value.clone()),
                    _ => failure.details.push((name.clone(), value.clone())),
                }
            }
            problem.0.failure = Some(failure);
        }
        match error.retry_after() {
            Some(after) => problem.header(RETRY_AFTER, HeaderValue::from(whole_seconds(after))),
            None => problem.retry_after_if_busy(),
        }
    }
}

/// A wait in seconds, rounded up, since coming back too early is no use.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// An error with all that lies behind it, in one line.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl Problem {
    /// As it stands in a body.
    pub(crate) fn body(&self) -> ProblemBody<'_> {
        let Inner { status, code, detail, errors, failure, .. } = self.0.as_ref();
        let failure = failure.as_ref();
        let details = failure.map(|failure| failure.details.as_slice()).filter(|details| !details.is_empty());
        ProblemBody {
            kind: format!("urn:analyte:problem:{code}"),
            title: code.meaning(),
            status: status.as_u16(),
            detail,
            code: code.as_str(),
            errors,
            details: details.map(Details),
            causes: failure.map_or(&[], |failure| &failure.causes),
            trap: failure.and_then(|failure| failure.trap.as_deref()),
            frames: failure.map_or(&[], |failure| &failure.frames),
            stderr: failure.map_or("", |failure| &failure.stderr),
            hint: failure.and_then(|failure| failure.hint.as_deref()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A body of strings and numbers cannot fail to be written.
        let bytes = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = self.0.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().extend(self.0.headers);
        response
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    async fn body(problem: Problem) -> (StatusCode, Value) {
        let response = problem.into_response();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_wrong_cell_is_named_by_field_and_row() {
        let error = ReadError::of(vec![TableProblem {
            field: Some("price".to_owned()),
            row: Some(3),
            message: "`x` is not a number".to_owned(),
        }]);
        let (status, body) = body(Problem::table(error, "/input")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            body,
            json!({
                "type": "urn:analyte:problem:invalid-input",
                "title": "What was sent can be read, and does not fit: the table, the parameters or another part of it.",
                "status": 422,
                "detail": "field `price`, row 3: `x` is not a number",
                "code": "invalid-input",
                "errors": [{"pointer": "/input", "field": "price", "row": 3, "message": "`x` is not a number"}],
            })
        );
    }

    #[tokio::test]
    async fn a_failed_run_is_reported_whole() {
        let mut failure = Failure::new(Code::Trap, "the component crashed")
            .detail("code", "a")
            .detail("code", "b")
            .hint("look at stderr");
        failure.trap = Some("unreachable".to_owned());
        failure.frames = vec!["run".to_owned()];
        failure.stderr = "panicked".to_owned();
        failure.causes = vec!["wasm trap".to_owned()];
        let (status, body) = body(Problem::failed(failure)).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert_eq!(
            body,
            json!({
                "type": "urn:analyte:problem:trap",
                "title": "The component crashed: a panic, unreachable code or a bad memory access.",
                "status": 502,
                "detail": "the component crashed",
                "code": "trap",
                "details": {"code": "a; b"},
                "causes": ["wasm trap"],
                "trap": "unreachable",
                "frames": ["run"],
                "stderr": "panicked",
                "hint": "look at stderr",
            })
        );
    }
}
