//! What calls that make jobs have in common before their bodies are looked into: the right, the type, the idempotency key.

use analyte_core::codes::Code;
use analyte_jobs::Right;
use axum::extract::Request;
use http::HeaderMap;
use http::header::HeaderName;

use crate::entry::auth::Caller;
use crate::problem::Problem;
use crate::request::body::{self, Received};
use crate::request::negotiate::require_json;
use crate::shared::Shared;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request that has been received, and not been read yet.
pub(crate) struct Arrived {
    /// The idempotency key that the client gave; `None`: it gave none.
    pub(crate) key: Option<String>,
    /// The body, with the memory that is set aside for it.
    pub(crate) body: Received,
}

/// Receives a body of JSON, of at most `most` bytes, of a caller who may make jobs.
pub(crate) async fn arrived(shared: &Shared, caller: &Caller, request: Request, most: u64) -> Result<Arrived, Problem> {
    caller.require(Right::JobsWrite)?;
    let (parts, content) = request.into_parts();
    require_json(&parts.headers)?;
    let key = idempotency_key(&parts.headers)?;
    let body = body::receive(shared, caller.organisation(), content, most).await?;
    Ok(Arrived { key, body })
}

/// The key that the client gave; `None`: it gave none.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    if keys.next().is_some() {
        return Err(Problem::new(Code::Malformed, "there are several Idempotency-Key headers"));
    }
    match key.to_str() {
        Ok(key) => Ok(Some(key.to_owned())),
        Err(_) => Err(Problem::new(Code::Malformed, "an idempotency key consists of printable ASCII characters")),
    }
}
