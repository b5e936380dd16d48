//! What a service answered, as the client wants to read it.
//!
//! A table stands as it is, at the top; one value is a table of one row and one field `result`; JSON is just that; nothing
//! is an empty body. Memory is set aside for what is large until the client has taken it.

use analyte_core::base_type::BaseType;
use analyte_core::codes::Code;
use analyte_core::infotable::{self, Cell};
use analyte_core::names::Organisation;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, WriteError, write_within};
use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::accept::Form;
use super::error::ServiceError;
use super::service::{Answer, ResultType};
use crate::body;
use crate::gate::Shared;
use crate::native::table::off_thread;
use crate::problem::Problem;

pub(super) mod html;

/// Up to this size a table is written at once.
const AT_ONCE: usize = 256 * 1024;
/// Up to this size no memory is set aside: there are no more such answers than connections.
const SMALL: u64 = 64 * 1024;

/// Answers a caller of this organisation in this form. `title` stands above a page.
pub(super) async fn answer(
    shared: &Shared,
    organisation: &Organisation,
    form: Form,
    title: &str,
    result: ResultType,
    answer: Answer,
) -> Result<Response, ServiceError> {
    let table = match answer {
        Answer::Nothing => return Ok(Response::new(Body::empty())),
        Answer::Json(value) => match form {
            Form::Json => return held(shared, organisation, form, serde_json::to_vec(&value).unwrap_or_default()),
            Form::Html => return held(shared, organisation, form, html::json(title, &value).into_bytes()),
            Form::Xml | Form::Csv => scalar_of_json(&value),
        },
        Answer::Scalar(cell) => infotable::scalar(BaseType::parse_lenient(result.base_type()), cell),
        Answer::Table(table) => table,
    };
    let most = shared.limits.answer_bytes;
    let written = if table.memory_bytes() <= AT_ONCE {
        write(form, title, &table, most)
    } else {
        let title = title.to_owned();
        off_thread(move || write(form, &title, &table, most)).await?
    };
    held(shared, organisation, form, written.map_err(|error| unwritable(&error))?)
}

/// JSON in a form that has only tables.
fn scalar_of_json(value: &Value) -> Table {
    infotable::scalar(BaseType::Json, Cell::Json(value.to_string()))
}

fn write(form: Form, title: &str, table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    match form {
        Form::Json => infotable::write(table, most),
        Form::Xml => infotable::xml::write_xml(table, most),
        Form::Csv => write_within(Format::Csv, table, most),
        Form::Html => html::table(title, table, most),
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

/// An answer of these bytes, which hold on to memory until the client has taken them.
fn held(shared: &Shared, organisation: &Organisation, form: Form, bytes: Vec<u8>) -> Result<Response, ServiceError> {
    let length = bytes.len() as u64;
    let reserved = if length > SMALL {
        vec![shared.manager.reserve_memory(organisation, length).map_err(Problem::from)?]
    } else {
        Vec::new()
    };
    let mut response = Response::new(body::holding(bytes.into(), reserved));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type(form)));
    Ok(response)
}

fn media_type(form: Form) -> &'static str {
    match form {
        Form::Json => "application/json",
        Form::Xml => "text/xml; charset=utf-8",
        Form::Csv => "text/csv; charset=utf-8",
        Form::Html => html::MEDIA_TYPE,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::infotable::Rows;
    use analyte_core::shape::Field;

    use super::*;

    fn text(form: Form, table: &Table, most: u64) -> Result<String, WriteError> {
        write(form, "T", table, most).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn one_value_is_a_table_of_one_row_in_every_form() {
        let table = infotable::scalar(BaseType::String, Cell::Text("a<b".to_owned()));
        let json: Value = serde_json::from_str(&text(Form::Json, &table, 10_000).unwrap()).unwrap();
        let field =
            serde_json::json!({"name": "result", "baseType": "STRING", "description": "", "ordinal": 0, "aspects": {}});
        assert_eq!(
            json,
            serde_json::json!({"dataShape": {"fieldDefinitions": {"result": field}}, "rows": [{"result": "a<b"}]})
        );
        assert_eq!(text(Form::Csv, &table, 10_000).unwrap(), "result\r\na<b\r\n");
        assert!(text(Form::Xml, &table, 10_000).unwrap().contains("<result><![CDATA[a<b]]></result>"));
        assert!(text(Form::Html, &table, 10_000).unwrap().contains("<td>a&lt;b</td>"));
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let mut rows = Rows::new(vec![Field::new("x", BaseType::Number)]);
        rows.push(vec![Cell::Number(f64::INFINITY)]);
        let table = rows.table().unwrap();
        let ServiceError::Refused(problem) = unwritable(&text(Form::Json, &table, 10_000).unwrap_err()) else {
            unreachable!("is refused with a problem")
        };
        assert_eq!((problem.code(), problem.detail()), (Code::InvalidResult, "JSON does not allow non-finite numbers"));
        for form in [Form::Json, Form::Xml, Form::Csv, Form::Html] {
            assert_eq!(text(form, &table, 3), Err(WriteError::TooLarge { most: 3 }), "{form:?}");
        }
    }
}
