//! The request: a JSON object, whatever it is labelled, or a form. Its variables are an object, or a text that holds one.

use analyte_core::names::Organisation;
use analyte_jobs::Reservation;
use async_graphql::Variables;
use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::form;
use crate::aiware::body::{SMALL, accept_type};
use crate::aiware::error::{ErrorId, Refusal};
use crate::native::table::compute_sized;
use crate::request::body::{self, Received};
use crate::request::json_body;
use crate::request::strict_json::{self, Text};
use crate::shared::Shared;

/// What one value of the variables takes in memory, in bytes, beside its text.
const VALUE_BYTES: u64 = 128;
/// What the variables may take before memory is set aside for them.
const UNCOUNTED: u64 = 256 * 1024;

/// A request.
pub(super) struct Read {
    pub(super) query: String,
    pub(super) variables: Variables,
    /// Which of several operations is meant; `None`: the only one.
    pub(super) operation: Option<String>,
    /// Held while the request is executed.
    pub(super) reserved: Vec<Reservation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody<'a> {
    query: Option<String>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(rename = "operationName")]
    operation: Option<String>,
    /// For servers that know some; this one knows none, and a client need not be able to leave them out.
    #[serde(rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Reads a request.
pub(super) async fn read(
    shared: &Shared,
    organisation: &Organisation,
    known: bool,
    headers: &HeaderMap,
    content: Body,
) -> Result<Read, Refusal> {
    let most = if known { shared.limits.body_bytes } else { SMALL };
    let media_type = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let begins =
        |with: &str| media_type.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()));
    if begins("multipart/form-data") {
        let Received { bytes, mut reserved } = body::receive(shared, organisation, content, most).await?;
        let form = form::read(media_type, bytes).await?;
        let variables = form.variables.as_deref().unwrap_or("null");
        let cost = cost(variables);
        if cost > UNCOUNTED {
            reserved.push(shared.manager.reserve_memory(organisation, cost)?);
        }
        let variables = read_variables(variables, shared.limits.json_depth)?;
        return Ok(Read { query: form.query, variables, operation: form.operation, reserved });
    }
    accept_type(headers)?;
    let Received { bytes, mut reserved } = body::receive(shared, organisation, content, most).await?;
    let cost = cost(std::str::from_utf8(&bytes).unwrap_or_default());
    if cost > UNCOUNTED {
        reserved.push(shared.manager.reserve_memory(organisation, cost)?);
    }
    let (depth, length) = (shared.limits.json_depth, bytes.len());
    let of_body = move || of_body(&bytes, depth);
    let (query, variables, operation) = compute_sized(shared, organisation, length, of_body).await??;
    Ok(Read { query, variables, operation, reserved })
}

fn of_body(bytes: &[u8], depth: u64) -> Result<(String, Variables, Option<String>), Refusal> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::new(ErrorId::InvalidInput, "requests are taken one by one, not in lists"));
    }
    let RequestBody { query, variables, operation, .. } = json_body::read(bytes)?;
    let Some(query) = query.filter(|query| !query.trim().is_empty()) else {
        return Err(Refusal::new(ErrorId::Malformed, "the request has no `query`"));
    };
    let variables = read_variables(variables.map_or("null", RawValue::get), depth)?;
    Ok((query, variables, operation))
}

/// About what a text of JSON takes in memory as values, in bytes.
fn cost(json: &str) -> u64 {
    let (mut values, mut bytes) = (0_u64, json.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b',' | b'[' | b'{' => values += 1,
            _ => {}
        }
    }
    values.saturating_mul(VALUE_BYTES).saturating_add((json.len() as u64).saturating_mul(3))
}

/// Variables as an object, or as a text that holds one, or nothing.
fn read_variables(json: &str, depth: u64) -> Result<Variables, Refusal> {
    let wrong = || Refusal::new(ErrorId::Malformed, "`variables` must be an object, or a text that holds one as JSON");
    let text: Text<'_>;
    let json = if json.starts_with('"') {
        text = serde_json::from_str(json).map_err(|_| wrong())?;
        text.0.trim()
    } else {
        json.trim()
    };
    if json.is_empty() || json == "null" {
        return Ok(Variables::default());
    }
    let raw: &RawValue = serde_json::from_str(json).map_err(|_| wrong())?;
    if !raw.get().starts_with('{') {
        return Err(wrong());
    }
    strict_json::check_depth(raw, "/variables", depth)?;
    serde_json::from_str(raw.get()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<(String, String), String> {
        let (query, variables, _) = of_body(body.as_bytes(), 4).map_err(|refusal| refusal.detail().to_owned())?;
        Ok((query, serde_json::to_string(&variables).unwrap_or_default()))
    }

    #[test]
    fn variables_are_an_object_or_a_text_that_holds_one() {
        let some = Ok(("{a}".to_owned(), "{\"x\":1}".to_owned()));
        assert_eq!(read(r#"{"query":"{a}","variables":{"x":1},"operationName":null,"extensions":{}}"#), some);
        assert_eq!(read(r#"{"query":"{a}","variables":"{\"x\":1}"}"#), some);
        for none in [r#"{"query":"{a}"}"#, r#"{"query":"{a}","variables":null}"#, r#"{"query":"{a}","variables":""}"#] {
            assert_eq!(read(none), Ok(("{a}".to_owned(), "{}".to_owned())), "{none}");
        }
        for (wrong, why) in [
            (r#"[{"query":"{a}"}]"#, "one by one"),
            ("{}", "no `query`"),
            (r#"{"query":" "}"#, "no `query`"),
            (r#"{"query":7}"#, "`/query`"),
            (r#"{"query":"{a}","variables":[1]}"#, "must be an object"),
            (r#"{"query":"{a}","variables":"[1]"}"#, "must be an object"),
            (r#"{"query":"{a}","variables":{"x":[[[[1]]]]}}"#, "nests deeper than 4 levels"),
            (r#"{"query":"{a}","extensions":"x"}"#, "`/extensions`"),
            (r#"{"query":"{a}","batch":1}"#, "`/batch` is not known"),
            ("{", "is not JSON"),
        ] {
            assert!(read(wrong).is_err_and(|said| said.contains(why)), "{wrong}");
        }
    }

    #[test]
    fn values_are_counted_outside_texts() {
        assert_eq!(cost("[1,2]"), 2 * VALUE_BYTES + 15);
        assert_eq!(cost(r#""[,\",,""#), 24);
    }
}
