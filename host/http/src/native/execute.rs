//! `POST /v1/providers/{provider}/models/{model}/execute`
//!
//! Runs a model at once and keeps nothing. The client's going away ends the run.
//!
//! What a body of JSON is: an object with a member `input` is `{"input": TABLE, "parameters": {…}, "limits": {…}}`; any
//! other body is the table itself, and then the query string holds the parameters, as with the other formats.

use std::fmt;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::names::{ModelName, ProviderName};
use analyte_core::table::format::Format;
use analyte_jobs::{Execution, LimitsAsked, Parameters, Right};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use utoipa::ToSchema;

use super::jobs::submit::body::{LimitsBody, TableInput};
use super::jobs::submit::submission::{limits_of, parameters_of};
use super::models::body::TableBody;
use super::path_and_query::{Segments, pairs};
use super::table;
use crate::entry::auth::Caller;
use crate::native::json::Binary;
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::json_body::{self, Member};
use crate::request::negotiate::{accepted_format, content_format};
use crate::shared::Shared;

/// A table to be worked on, with parameters and limits.
#[derive(Deserialize, ToSchema)]
#[schema(as = Execution)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutionBody<'a> {
    /// For the model's input shape.
    #[serde(borrow)]
    #[schema(value_type = TableInput)]
    input: Member<'a>,
    /// For the model's parameter schema.
    #[schema(value_type = Option<serde_json::Map<String, serde_json::Value>>)]
    parameters: Option<Member<'a>>,
    /// What the run may use.
    #[schema(value_type = Option<LimitsBody>)]
    limits: Option<Member<'a, LimitsBody>>,
}

/// Runs a model at once and answers its table; nothing is stored.
///
/// A JSON body is the table itself, or an object with a member `input` beside `parameters` and `limits`. Where the body
/// is the table itself, of whatever format, parameters are query parameters: each is read as the model's schema says, and
/// a name that comes several times makes an array. The answer's format follows `Accept`; warnings come in headers.
#[utoipa::path(post, path = "/v1/providers/{provider}/models/{model}/execute", operation_id = "execute_model", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("model" = String, Path, description = "The model's name."),
    ),
    request_body(content(
        (ExecutionBody = "application/json"),
        (String = "text/csv"),
        (Binary = "application/vnd.apache.arrow.stream"),
    )),
    responses(
        (status = 200, description = "The result.", content(
            (TableBody = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
        ), headers(
            ("Analyte-Fuel-Used" = u64, description = "Fuel units."),
            ("Analyte-Peak-Memory" = u64, description = "Highest memory of the component, in bytes."),
            ("Analyte-Warning" = String, description = "What you should know about the table; may come several times."),
        )),
        (status = 400, description = "The body cannot be read.", body = ProblemBody),
        (status = 404, description = "There is no such model.", body = ProblemBody),
        (status = 413, description = "The body is larger than `body_bytes`.", body = ProblemBody),
        (status = 415, description = "The body is of no type that holds a table.", body = ProblemBody),
        (status = 422, description = "The table or the parameters do not fit the model, the provider returned an error, or the run crossed a limit.", body = ProblemBody),
        (status = 502, description = "The component crashed, or its result is not valid.", body = ProblemBody),
        (status = 503, description = "There is no room now; see `Retry-After`.", body = ProblemBody),
    )
)]
pub(crate) async fn execute(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((provider, model)): Segments<(ProviderName, ModelName)>,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    let (parts, content) = request.into_parts();
    let format = content_format(&parts.headers)?;
    let wanted = accepted_format(&parts.headers)?;
    let query = pairs(&parts.uri)?;
    let info = shared.manager.model(caller.organisation(), &provider, &model)?.info.clone();
    let received = body::receive(&shared, caller.organisation(), content, shared.limits.body_bytes).await?;

    let limits = shared.limits.clone();
    let bytes = received.bytes;
    let (size, asked) = (bytes.len(), move || Asked::of(format, bytes, query, &limits));
    let asked = table::compute_sized(&shared, caller.organisation(), size, asked).await??;
    let input = table::read_for((&shared, &caller), &shared.limits, &info, format, asked.table, asked.pointer).await?;
    // The body has gone. The run waits for memory, and would wait for this for ever.
    drop(received.reserved);
    let execution = Execution {
        provider,
        model,
        input: input.table,
        input_warnings: input.warnings,
        parameters: asked.parameters,
        limits: asked.limits,
    };
    let report = shared.manager.execute(caller.organisation(), execution).await?;
    let (fuel, memory) = (HeaderValue::from(report.usage.fuel), HeaderValue::from(report.usage.peak_memory_bytes));
    let outcome = match report.outcome {
        Ok(outcome) => outcome,
        Err(failure) => return Err(Problem::failed(failure).header(FUEL, fuel).header(MEMORY, memory)),
    };
    let answer = async {
        let reserved = table::reserve(&shared, caller.organisation(), outcome.output.memory_bytes() as u64)?;
        table::body(&shared, caller.organisation(), wanted, outcome.output, reserved).await
    };
    let mut response = match answer.await {
        Ok(body) => Response::new(body),
        Err(problem) => return Err(problem.header(FUEL, fuel).header(MEMORY, memory)),
    };
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(wanted.media_type()));
    headers.insert(FUEL, fuel);
    headers.insert(MEMORY, memory);
    table::put_warnings(headers, &outcome.warnings);
    Ok(response)
}

const FUEL: HeaderName = HeaderName::from_static("analyte-fuel-used");
const MEMORY: HeaderName = HeaderName::from_static("analyte-peak-memory");

/// What a body and a query string ask for.
struct Asked {
    table: Bytes,
    /// Where in the body the table is.
    pointer: &'static str,
    parameters: Parameters,
    limits: LimitsAsked,
}

impl Asked {
    fn of(format: Format, body: Bytes, query: Vec<(String, String)>, host_limits: &Limits) -> Result<Self, Problem> {
        let plain = |body, query: Vec<_>| Self {
            table: body,
            pointer: "",
            parameters: if query.is_empty() { Parameters::None } else { Parameters::Pairs(query) },
            limits: LimitsAsked::default(),
        };
        if !matches!(format, Format::Json | Format::JsonColumns) {
            return Ok(plain(body, query));
        }
        // A table that is not UTF-8 is refused by its reader, with the place.
        let Ok(text) = std::str::from_utf8(&body) else { return Ok(plain(body, query)) };
        if !has_member_input(text) {
            return Ok(plain(body, query));
        }
        let ExecutionBody { input, parameters, limits } = json_body::read_text(text)?;
        if parameters.is_some() && !query.is_empty() {
            return Err(Problem::new(
                Code::Malformed,
                "parameters stand in the body or in the query string, not in both",
            ));
        }
        let parameters = match parameters_of(parameters, "/parameters", host_limits)? {
            Parameters::None if !query.is_empty() => Parameters::Pairs(query),
            parameters => parameters,
        };
        let limits = limits_of(limits, "/limits")?;
        Ok(Self { table: body.slice_ref(input.text().as_bytes()), pointer: "/input", parameters, limits })
    }
}

/// Whether a body is an object with a member `input`. Its first member nearly always tells, so that a table is not read
/// twice; a text that is not JSON is refused later, when it is read as a table or as a request.
fn has_member_input(text: &str) -> bool {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = bool;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            // Nothing can be answered from inside the map before its end but by an error, so the answer is kept here.
            while let Some(name) = map.next_key::<String>()? {
                if name == "input" {
                    return Err(serde::de::Error::custom(FOUND));
                }
                map.next_value::<IgnoredAny>()?;
            }
            Ok(false)
        }
    }
    const FOUND: &str = "found";

    let start = text.trim_start_matches([' ', '\t', '\n', '\r']);
    if !start.starts_with('{') {
        return false;
    }
    let first = start.get(1..).unwrap_or_default().trim_start_matches([' ', '\t', '\n', '\r']);
    if ["\"rows\"", "\"columns\"", "\"dataShape\""].iter().any(|table| first.starts_with(table)) {
        return false;
    }
    if first.starts_with("\"input\"") {
        return true;
    }
    match serde_json::Deserializer::from_str(text).deserialize_map(Keys) {
        Ok(answer) => answer,
        Err(error) => error.is_data() && error.to_string().starts_with(FOUND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_with_input_is_more_than_a_table() {
        for envelope in [
            r#"{"input":[]}"#,
            " {\n \"input\" : {}}",
            r#"{"parameters":{"input":1},"input":[]}"#,
            r#"{"limits":{},"parameters":{},"\u0069nput":[]}"#,
            r#"{"input":[],"#,
        ] {
            assert!(has_member_input(envelope), "{envelope}");
        }
        for table in [
            "",
            "[]",
            "{}",
            "7",
            r#""input""#,
            r#"[{"input":1}]"#,
            r#"{"rows":[{"input":1}]}"#,
            r#"{"columns":{"input":[1]}}"#,
            r#"{"dataShape":{},"rows":[]}"#,
            r#"{"name":"x","rows":[{"input":1}]}"#,
            r#"{"inputs":[]}"#,
            r#"{"x":"#,
        ] {
            assert!(!has_member_input(table), "{table}");
        }
    }
}
