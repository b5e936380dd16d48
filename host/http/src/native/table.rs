//! Tables in and out. Large ones are read and written on threads of their own, so that other calls go on.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::Organisation;
use analyte_core::shape::Shape;
use analyte_core::table::format::{self, Format, Read, WriteError, read, write_within};
use analyte_core::table::{Table, at_most};
use analyte_jobs::{Computing, Reservation};
use axum::body::Body;
use bytes::Bytes;
use http::header::{HeaderName, VARY};
use http::{HeaderMap, HeaderValue};

use crate::answer::pieces;
use crate::entry::auth::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Up to this size, in bytes, a body or a table is dealt with at once, beyond it on a thread where no other call waits behind it.
const LARGE: usize = 64 * 1024;
/// Most warnings in headers, and the longest of them in bytes; clients bound headers, too.
const WARNINGS: usize = 20;
const WARNING_BYTES: usize = 400;

/// Reads a table of this caller for the input of a model, within these limits. `pointer` says where it stands in the body.
pub(crate) async fn read_for(
    (shared, caller): (&Shared, &Caller),
    limits: &Limits,
    model: &Arc<ModelInfo>,
    format: Format,
    bytes: Bytes,
    pointer: &str,
) -> Result<Read, Problem> {
    let (model, limits, size) = (model.clone(), limits.clone(), bytes.len());
    let read = move || read(format, bytes, &model.input, &limits);
    compute_sized(shared, caller.organisation(), size, read).await?.map_err(|error| Problem::table(error, pointer))
}

/// A table as the body of an answer. A large one is written piece by piece, in at most `answer_bytes`; what is reserved
/// is held until the client has taken all of it.
pub(crate) async fn body(
    shared: &Shared,
    organisation: &Organisation,
    format: Format,
    table: Table,
    mut reserved: Vec<Reservation>,
) -> Result<Body, Problem> {
    let (most, bound) = (shared.limits.answer_bytes, at_most::format(format, &table));
    let failed = |error| unwritable(format, &error);
    if bound <= most.min(pieces::AT_ONCE as u64) {
        return Ok(write_within(format, &table, most).map_err(failed)?.into());
    }
    let computing = shared.manager.computing(organisation);
    if bound > most
        && pieces::exceeds(&computing, format::pieces(format, table.clone()), most).await?.map_err(failed)?
    {
        return Err(failed(WriteError::TooLarge { most }));
    }
    let begun = pieces::begin(&computing, format::pieces(format, table)).await?.map_err(failed)?;
    if begun.is_large() {
        reserved.push(shared.manager.reserve_memory(organisation, pieces::HELD)?);
    }
    Ok(begun.body(computing, reserved))
}

/// Sets memory aside for a table of this many bytes that is being answered. Small ones are not counted: there are no more of
/// them than connections.
pub(crate) fn reserve(shared: &Shared, organisation: &Organisation, bytes: u64) -> Result<Vec<Reservation>, Problem> {
    if bytes <= LARGE as u64 { Ok(Vec::new()) } else { Ok(vec![shared.manager.reserve_memory(organisation, bytes)?]) }
}

/// A stored result, an Arrow stream that was checked before it was kept, as a table.
pub(crate) async fn stored(shared: &Shared, organisation: &Organisation, stream: Bytes) -> Result<Table, Problem> {
    let size = stream.len();
    let limits = shared.limits.clone();
    let parse = move || read(Format::Arrow, stream, &Shape::any(), &limits);
    let read = compute_sized(shared, organisation, size, parse).await?;
    read.map(|read| read.table).map_err(|error| {
        tracing::error!(%error, "a stored result cannot be read");
        Problem::new(Code::HostError, "the stored result cannot be read")
    })
}

fn unwritable(format: Format, error: &WriteError) -> Problem {
    match error {
        WriteError::TooLarge { most } => {
            let otherwise = match format {
                Format::Json | Format::JsonColumns => {
                    "ask for it as text/csv or application/vnd.apache.arrow.stream, or for"
                }
                Format::Csv => "ask for it as application/vnd.apache.arrow.stream, or for",
                Format::Arrow => "ask for",
            };
            let detail = format!(
                "the result takes more than {most} bytes as {}, the limit answer_bytes; {otherwise} fewer columns",
                format.media_type()
            );
            Problem::new(Code::OutputTooLarge, detail)
        }
        WriteError::NotJson { .. } => {
            Problem::new(Code::InvalidResult, format!("the result cannot be written: {error}"))
        }
        WriteError::NonFinite | WriteError::Failed(_) => {
            tracing::error!(%error, "a table cannot be written");
            Problem::new(Code::HostError, "the result cannot be written")
        }
    }
}

/// Does something long for a caller of this organisation, on a thread where no other call waits behind it; the organisation has
/// only as many such things in progress as there are cores.
pub(crate) async fn compute<T: Send + 'static>(
    shared: &Shared,
    organisation: &Organisation,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    computed(&shared.manager.computing(organisation), work).await
}

/// Works on this many bytes: at once where they are few, else as [`compute`] does.
pub(crate) async fn compute_sized<T: Send + 'static>(
    shared: &Shared,
    organisation: &Organisation,
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if bytes <= LARGE { Ok(work()) } else { compute(shared, organisation, work).await }
}

/// The same as [`compute`] in places that are at hand.
pub(crate) async fn computed<T: Send + 'static>(
    computing: &Computing,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    computing.run(work).await.map_err(|error| {
        tracing::error!(%error, "work on a table broke off");
        Problem::new(Code::HostError, "the server failed to answer this call; its log says more")
    })
}

/// Tells what the client should know about a table, beside the table: its bytes hold nothing but itself.
pub(crate) fn put_warnings(headers: &mut HeaderMap, warnings: &[String]) {
    for warning in warnings.iter().take(WARNINGS) {
        if let Ok(value) = HeaderValue::from_str(&header_text(warning)) {
            headers.append(HeaderName::from_static("analyte-warning"), value);
        }
    }
    if let Some(more) = warnings.len().checked_sub(WARNINGS).filter(|more| *more > 0)
        && let Ok(value) = HeaderValue::from_str(&format!("and {more} more warnings"))
    {
        headers.append(HeaderName::from_static("analyte-warning"), value);
    }
}

/// Caches must not mix up formats.
pub(crate) fn put_vary(headers: &mut HeaderMap) {
    headers.insert(VARY, HeaderValue::from_static("accept"));
}

/// What of a text can stand in a header: one line of ASCII, cut where it is too long.
fn header_text(text: &str) -> String {
    let plain = text.chars().map(|one| match one {
        ' '..='~' => one,
        one if one.is_control() => ' ',
        _ => '?',
    });
    let mut line: String = plain.take(WARNING_BYTES).collect();
    if text.chars().nth(WARNING_BYTES).is_some() {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_is_too_large_names_its_limit_and_a_way_out() {
        let response =
            axum::response::IntoResponse::into_response(unwritable(Format::Json, &WriteError::TooLarge { most: 20 }));
        assert_eq!(response.status(), http::StatusCode::UNPROCESSABLE_ENTITY);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "output-too-large");
        assert_eq!(
            body["detail"],
            "the result takes more than 20 bytes as application/json, the limit answer_bytes; ask for it as text/csv or \
             application/vnd.apache.arrow.stream, or for fewer columns"
        );
    }

    #[test]
    fn warnings_are_lines_of_ascii_and_few() {
        assert_eq!(header_text("column `größe`\r\nX-Evil: 1"), "column `gr??e`  X-Evil: 1");
        assert_eq!(header_text(&"x".repeat(1000)).len(), WARNING_BYTES + 3);
        let mut headers = HeaderMap::new();
        put_warnings(&mut headers, &vec!["w".to_owned(); 30]);
        let all: Vec<_> = headers.get_all("analyte-warning").iter().collect();
        assert_eq!(all.len(), WARNINGS + 1);
        assert_eq!(all.last().map(|last| last.as_bytes()), Some(&b"and 10 more warnings"[..]));
    }
}
