//! The description of all calls. It is checked in as `docs/reference/openapi.json`; a test compares.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema as _};

use crate::native;
use crate::problem::{MEDIA_TYPE, ProblemBody};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Analyte",
        description = "Runs analyses in a sandbox: tables in, tables out.\n\nEvery call but `/healthz` and `/readyz` needs \
            `Authorization: Bearer TOKEN`, and a `Host` that is loopback or configured. Whatever is refused is answered \
            as a problem (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemBody)),
    security(("token" = [])),
    modifiers(&Token),
    tags(
        (name = "providers", description = "Installed components."),
        (name = "models", description = "What they compute."),
        (name = "jobs", description = "Requests and their state."),
        (name = "tasks", description = "The parts of a job; nearly always one, named `main`."),
        (name = "schedules", description = "What submits jobs again and again."),
        (name = "tokens", description = "Who may do what."),
        (name = "organisations", description = "Whose data it is. Organisations see nothing of each other."),
        (name = "server", description = "The server itself."),
    ),
)]
struct Document;

/// How calls say who makes them.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// How every call may be refused that needs a token, beside what it says of itself: by what the client sent, or by a fault of
/// the server.
const REFUSALS: [(&str, &str); 2] = [("4XX", "Refused."), ("5XX", "The platform's fault.")];

/// The OpenAPI document as it is served and checked in.
pub fn document() -> String {
    let (_, calls) = native::calls().split_for_parts();
    let mut document = Document::openapi().merge_from(calls);
    for call in document.paths.paths.values_mut().flat_map(operations) {
        describe_refusals(call);
    }
    // Made of strings and maps with string keys: writing it cannot fail.
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete].into_iter().flatten()
}

/// Says of a call what holds for all: how it may be refused, and of which type the body of a refusal is.
fn describe_refusals(call: &mut Operation) {
    let problem = RefOr::Ref(Ref::from_schema_name(ProblemBody::name()));
    let responses = &mut call.responses.responses;
    // The calls without a token say so themselves.
    if call.security.is_none() {
        for (statuses, meaning) in REFUSALS {
            let body = Content::builder().schema(Some(problem.clone())).build();
            let refusal = ResponseBuilder::new().description(meaning).content(MEDIA_TYPE, body).build();
            responses.entry(statuses.to_owned()).or_insert(RefOr::T(refusal));
        }
    }
    for response in responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let typed = std::mem::take(&mut response.content).into_iter().map(|(media_type, content)| match &content {
            RefOr::T(body) if body.schema.as_ref() == Some(&problem) => (MEDIA_TYPE.to_owned(), content),
            _ => (media_type, content),
        });
        response.content = typed.collect();
    }
}

/// The members of an object as they are described, in the order of their names.
#[cfg(test)]
pub(crate) fn members<T: utoipa::PartialSchema>() -> Vec<String> {
    let schema = serde_json::to_value(T::schema()).unwrap_or_default();
    let properties = schema.get("properties").and_then(|all| all.as_object());
    let mut names: Vec<String> = properties.into_iter().flat_map(|all| all.keys().cloned()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use std::path::Path;

    use super::*;

    /// `ANALYTE_BLESS=1 cargo test --workspace --lib -- openapi` writes the document anew.
    #[test]
    fn the_checked_in_document_is_the_served_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
        let served = document();
        if std::env::var_os("ANALYTE_BLESS").is_some() {
            std::fs::write(&path, &served).unwrap();
        }
        let kept = std::fs::read_to_string(&path).expect("docs/reference/openapi.json is there");
        assert!(
            kept == served,
            "docs/reference/openapi.json has drifted: run `ANALYTE_BLESS=1 cargo test --workspace --lib -- openapi`"
        );
    }

    #[test]
    fn every_call_needs_a_token_but_the_two_open_ones() {
        let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
        assert_eq!(document.pointer("/openapi").unwrap(), "3.1.0");
        assert_eq!(document.pointer("/security").unwrap(), &serde_json::json!([{"token": []}]));
        let mut open = Vec::new();
        for (path, calls) in document.pointer("/paths").unwrap().as_object().unwrap() {
            for call in calls.as_object().unwrap().values() {
                if call.get("security").is_some() {
                    open.push(path.as_str());
                }
            }
        }
        assert_eq!(open, ["/healthz", "/readyz"]);
    }
}
