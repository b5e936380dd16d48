//! Tables in and out. Large ones are read and written on threads of their own, so that other calls go on.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, Read, WriteError, read, write_within};
use bytes::Bytes;
use http::header::{HeaderName, VARY};
use http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

/// Up to this size a table is dealt with at once.
const LARGE: usize = 256 * 1024;
/// Most warnings in headers, and the longest of them in bytes; clients bound headers, too.
const WARNINGS: usize = 20;
const WARNING_BYTES: usize = 400;

/// Reads a table for the input of this model. `pointer` says where it stands in the body.
pub(crate) async fn read_for(
    model: &Arc<ModelInfo>,
    format: Format,
    bytes: Bytes,
    limits: &Arc<Limits>,
    pointer: &str,
) -> Result<Read, Problem> {
    let table = if bytes.len() <= LARGE {
        read(format, bytes, &model.input, limits)
    } else {
        let (model, limits) = (model.clone(), limits.clone());
        off_thread(move || read(format, bytes, &model.input, &limits)).await?
    };
    table.map_err(|error| Problem::table(error, pointer))
}

/// Writes a table that came from a component, in at most so many bytes.
pub(crate) async fn written(format: Format, table: Table, most: u64) -> Result<Bytes, Problem> {
    let bytes = if table.memory_bytes() <= LARGE {
        write_within(format, &table, most)
    } else {
        off_thread(move || write_within(format, &table, most)).await?
    };
    bytes.map(Bytes::from).map_err(|error| unwritable(format, &error))
}

/// Writes a stored result, an Arrow stream that was checked before it was kept, in another format.
pub(crate) async fn stored_as(format: Format, stream: Bytes, limits: &Arc<Limits>) -> Result<Bytes, Problem> {
    let size = stream.len();
    let limits = limits.clone();
    let rewrite = move || match read(Format::Arrow, stream, &Shape::any(), &limits) {
        Ok(read) => write_within(format, &read.table, limits.answer_bytes)
            .map(Bytes::from)
            .map_err(|error| unwritable(format, &error)),
        Err(error) => {
            tracing::error!(%error, "a stored result cannot be read");
            Err(Problem::new(Code::HostError, "the stored result cannot be read"))
        }
    };
    if size <= LARGE { rewrite() } else { off_thread(rewrite).await? }
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

/// Does something long on a thread where nobody waits behind it.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
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
        let rows = Bytes::from_static(br#"[{"flag":true},{"flag":false}]"#);
        let table = read(Format::Json, rows, &Shape::any(), &Limits::default()).unwrap().table;
        let stream = written(Format::Arrow, table.clone(), 10_000).await.unwrap();
        let limits = Arc::new(Limits { answer_bytes: 20, ..Limits::default() });
        assert_eq!(stored_as(Format::Csv, stream.clone(), &limits).await.unwrap(), "flag\r\ntrue\r\nfalse\r\n");
        let expected = "the result takes more than 20 bytes as application/json, the limit answer_bytes; ask for it as \
                        text/csv or application/vnd.apache.arrow.stream, or for fewer columns";
        let stored = stored_as(Format::Json, stream, &limits).await.unwrap_err();
        let fresh = written(Format::Json, table, 20).await.unwrap_err();
        for problem in [stored, fresh] {
            let response = axum::response::IntoResponse::into_response(problem);
            assert_eq!(response.status(), http::StatusCode::UNPROCESSABLE_ENTITY);
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["code"], "output-too-large");
            assert_eq!(body["detail"], expected);
        }
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
