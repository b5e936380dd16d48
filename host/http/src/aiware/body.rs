//! The body of a call, taken whole and within its limit.

use analyte_jobs::Right;
use axum::extract::Request;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::error::Refusal;
use crate::entry::auth::Caller;
use crate::request::body::{self, Received};
use crate::request::negotiate::{refuse_compressed, require_json};
use crate::shared::Shared;

/// Longest body of a call that takes but a few words.
pub(crate) const SMALL: u64 = 64 * 1024;

/// Receives a body of JSON, of at most `most` bytes, of a caller who has this right (`None`: any token will do).
pub(crate) async fn received(
    shared: &Shared,
    caller: &Caller,
    right: Option<Right>,
    request: Request,
    most: u64,
) -> Result<Received, Refusal> {
    if let Some(right) = right {
        caller.require(right)?;
    }
    let (parts, content) = request.into_parts();
    accept_type(&parts.headers)?;
    Ok(body::receive(shared, caller.organisation(), content, most).await?)
}

/// Takes JSON, also where it comes under the label of a form, as some clients send it.
pub(crate) fn accept_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let labelled = headers.get(CONTENT_TYPE).is_some_and(|value| {
        let begin = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        begin.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    });
    if labelled {
        refuse_compressed(headers)?;
    } else {
        require_json(headers)?;
    }
    Ok(())
}
