//! What a service answered, as the client wants to read it.
//!
//! A table stands as it is, at the top; one value is a table of one row and one field `result`; JSON is just that; nothing
//! is an empty body. What is large is written piece by piece, see [`crate::answer::pieces`].

use analyte_core::base_type::BaseType;
use analyte_core::codes::Code;
use analyte_core::infotable::{self, Cell};
use analyte_core::names::Organisation;
use analyte_core::table::format::{self, Format, WriteError, write_within};
use analyte_core::table::pieces::{Out, Pieces, whole};
use analyte_core::table::{Table, at_most};
use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::accept::AnswerFormat;
use super::error::ServiceError;
use super::service::{Answer, ResultType};
use crate::answer::pieces::{AT_ONCE, HELD, begin, exceeds};
use crate::native::table::reserve;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) mod html;

/// Answers a caller of this organisation in this format. `title` stands above a page.
pub(super) async fn answer(
    shared: &Shared,
    organisation: &Organisation,
    format: AnswerFormat,
    title: &str,
    result: ResultType,
    answer: Answer,
) -> Result<Response, ServiceError> {
    let table = match answer {
        Answer::Nothing => return Ok(Response::new(Body::empty())),
        Answer::Json(value) => match format {
            // The descriptions of our own resources, so they are small.
            AnswerFormat::Json => return Ok(response(format, serde_json::to_vec(&value).unwrap_or_default())),
            AnswerFormat::Html => return Ok(response(format, html::json(title, &value))),
            AnswerFormat::Xml | AnswerFormat::Csv => scalar_of_json(&value),
        },
        Answer::Scalar(cell) => infotable::scalar(BaseType::parse_lenient(result.base_type()), cell),
        Answer::Table(table) => table,
    };
    let body = body(shared, organisation, format, title, table).await?;
    Ok(response(format, body))
}

/// A table as the body of an answer, held in memory that was set aside; a large one is written piece by piece.
async fn body(
    shared: &Shared,
    organisation: &Organisation,
    format: AnswerFormat,
    title: &str,
    table: Table,
) -> Result<Body, ServiceError> {
    let (most, bound) = (shared.limits.answer_bytes, at_most(format, &table));
    let failed = |error| unwritable(&error);
    if bound <= most.min(AT_ONCE as u64) {
        return Ok(write(format, title, &table, most).map_err(failed)?.into());
    }
    // For as long as the client takes to read it.
    let mut reserved = reserve(shared, organisation, table.memory_bytes() as u64)?;
    let computing = shared.manager.computing(organisation);
    if bound > most && exceeds(&computing, pieces(format, title, table.clone()), most).await?.map_err(failed)? {
        return Err(failed(WriteError::TooLarge { most }));
    }
    let begun = begin(&computing, pieces(format, title, table)).await?.map_err(failed)?;
    if begun.is_large() {
        reserved.push(shared.manager.reserve_memory(organisation, HELD).map_err(Problem::from)?);
    }
    Ok(begun.body(computing, reserved))
}

fn at_most(format: AnswerFormat, table: &Table) -> u64 {
    match format {
        AnswerFormat::Json => at_most::infotable(table),
        AnswerFormat::Csv => at_most::format(Format::Csv, table),
        AnswerFormat::Xml | AnswerFormat::Html => at_most::markup(table),
    }
}

fn pieces(format: AnswerFormat, title: &str, table: Table) -> Pieces {
    match format {
        AnswerFormat::Json => infotable::pieces(table),
        AnswerFormat::Xml => infotable::xml::pieces(table),
        AnswerFormat::Csv => format::pieces(Format::Csv, table),
        AnswerFormat::Html => {
            let title = title.to_owned();
            Pieces::new(async move |mut out: Out| html::table(&title, &table, &mut out).await.map(|()| out))
        }
    }
}

/// JSON in a format that has only tables.
fn scalar_of_json(value: &Value) -> Table {
    infotable::scalar(BaseType::Json, Cell::Json(value.to_string()))
}

fn write(format: AnswerFormat, title: &str, table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    match format {
        AnswerFormat::Json => infotable::write(table, most),
        AnswerFormat::Xml => infotable::xml::write_xml(table, most),
        AnswerFormat::Csv => write_within(Format::Csv, table, most),
        AnswerFormat::Html => whole(most, async |out| html::table(title, table, out).await),
    }
}

fn unwritable(error: &WriteError) -> ServiceError {
    match error {
        WriteError::TooLarge { most } => ServiceError::coded(
            Code::OutputTooLarge,
            format!("the result takes more than {most} bytes in this form, the limit answer_bytes"),
        ),
        // As ThingWorx says it.
        WriteError::NonFinite => ServiceError::coded(Code::InvalidResult, error.to_string()),
        WriteError::NotJson { .. } => {
            ServiceError::coded(Code::InvalidResult, format!("the result cannot be written: {error}"))
        }
        WriteError::Failed(_) => {
            tracing::error!(%error, "a table cannot be written");
            ServiceError::coded(Code::HostError, "the result cannot be written")
        }
    }
}

fn response(format: AnswerFormat, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type(format)));
    response
}

fn media_type(format: AnswerFormat) -> &'static str {
    match format {
        AnswerFormat::Json => "application/json",
        AnswerFormat::Xml => "text/xml; charset=utf-8",
        AnswerFormat::Csv => "text/csv; charset=utf-8",
        AnswerFormat::Html => html::MEDIA_TYPE,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::infotable::Rows;
    use analyte_core::shape::Field;

    use super::*;

    fn text(format: AnswerFormat, table: &Table, most: u64) -> Result<String, WriteError> {
        write(format, "T", table, most).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn one_value_is_a_table_of_one_row_in_every_form() {
        let table = infotable::scalar(BaseType::String, Cell::Text("a<b".to_owned()));
        let json: Value = serde_json::from_str(&text(AnswerFormat::Json, &table, 10_000).unwrap()).unwrap();
        let field =
            serde_json::json!({"name": "result", "baseType": "STRING", "description": "", "ordinal": 0, "aspects": {}});
        assert_eq!(
            json,
            serde_json::json!({"dataShape": {"fieldDefinitions": {"result": field}}, "rows": [{"result": "a<b"}]})
        );
        assert_eq!(text(AnswerFormat::Csv, &table, 10_000).unwrap(), "result\r\na<b\r\n");
        assert!(text(AnswerFormat::Xml, &table, 10_000).unwrap().contains("<result><![CDATA[a<b]]></result>"));
        assert!(text(AnswerFormat::Html, &table, 10_000).unwrap().contains("<td>a&lt;b</td>"));
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let mut rows = Rows::new(vec![Field::new("x", BaseType::Number)]);
        rows.push(vec![Cell::Number(f64::INFINITY)]);
        let table = rows.table().unwrap();
        let ServiceError::Refused(problem) = unwritable(&text(AnswerFormat::Json, &table, 10_000).unwrap_err()) else {
            unreachable!("is refused with a problem")
        };
        assert_eq!((problem.code(), problem.detail()), (Code::InvalidResult, "JSON does not allow non-finite numbers"));
        for format in [AnswerFormat::Json, AnswerFormat::Xml, AnswerFormat::Csv, AnswerFormat::Html] {
            assert_eq!(text(format, &table, 3), Err(WriteError::TooLarge { most: 3 }), "{format:?}");
        }
    }
}
