//! A file as an answer: whole or in part, piece by piece as the client takes it, so that its size does not matter.
//!
//! Files come from components and from clients, which are not trusted: headers make browsers save them, never show them
//! or guess what they are. A file that cannot be read to its end ends the connection, so that the client sees that
//! something is missing.

use std::ops::Range;

use analyte_core::codes::Code;
use analyte_core::job::Content;
use analyte_jobs::JobsError;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer::etag;
use crate::answer::range::{Wanted, wanted};
use crate::problem::Problem;

/// A file is read and sent in pieces of this size.
const PIECE: u64 = 128 * 1024;

/// What is said of a file beside its bytes.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// What to save it as; holds nothing that would have to be quoted.
    pub(crate) name: &'a str,
    /// What it is, as the component or the client that made it said.
    pub(crate) media_type: &'a str,
    /// Its bytes.
    pub(crate) content: &'a Content,
}

/// The file, or the part of it that these headers ask for; `read` gives the bytes of a range within it.
pub(crate) fn answer<Read, Reading>(headers: &HeaderMap, facts: &Facts<'_>, read: Read) -> Result<Response, Problem>
where
    Read: Fn(Range<u64>) -> Reading + Send + 'static,
    Reading: Future<Output = Result<Bytes, JobsError>> + Send,
{
    let length = facts.content.bytes;
    let tag = etag::of_digest(&facts.content.digest);
    if etag::is_known(headers, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        etag::put(response.headers_mut(), &tag);
        return Ok(response);
    }
    let (status, part) = match wanted(headers, length, &tag) {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Beyond => {
            let problem =
                Problem::new(Code::Malformed, format!("the file has {length} bytes, and the range begins beyond them"))
                    .status(StatusCode::RANGE_NOT_SATISFIABLE);
            return Err(match HeaderValue::from_str(&format!("bytes */{length}")) {
                Ok(value) => problem.header(CONTENT_RANGE, value),
                Err(_) => problem,
            });
        }
    };
    let mut answer = HeaderMap::new();
    let plain = HeaderValue::from_static("application/octet-stream");
    answer.insert(CONTENT_TYPE, HeaderValue::from_str(facts.media_type).unwrap_or(plain));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    etag::put(&mut answer, &tag);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", facts.name)) {
        answer.insert(CONTENT_DISPOSITION, value);
    }
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) =
            HeaderValue::from_str(&format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1)))
    {
        answer.insert(CONTENT_RANGE, value);
    }
    Ok((status, answer, pieces(part, facts.name.to_owned(), read)).into_response())
}

/// The bytes of a range, read as the client takes them.
pub(crate) fn pieces<Read, Reading>(part: Range<u64>, name: String, read: Read) -> Body
where
    Read: Fn(Range<u64>) -> Reading + Send + 'static,
    Reading: Future<Output = Result<Bytes, JobsError>> + Send,
{
    Body::from_stream(stream::try_unfold((part, name, read), async |(left, name, read)| {
        if left.is_empty() {
            return Ok(None);
        }
        let end = left.end.min(left.start.saturating_add(PIECE));
        let piece = read(left.start..end).await.inspect_err(|error| {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(file = name, %error, cause, "a file cannot be read");
        })?;
        Ok::<_, JobsError>(Some((piece, (end..left.end, name, read))))
    }))
}
