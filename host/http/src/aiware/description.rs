//! The description of the calls of this surface that are offered. It is served, and checked in as
//! `docs/reference/aiware-openapi.json`; a test compares.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema as _};

use super::calls;
use super::error::{ErrorBody, ErrorId};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Analyte for clients of aiWARE's AI Processing",
        description = "The calls under `/edge/v1` that are offered; `docs/aiware.md` says what each does here, and which are answered \
            501. Every call but `/edge/v1/version`, this document and the login needs a token, in `Authorization: Bearer TOKEN` or in \
            `api_key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    security(("token" = []), ("api_key" = [])),
    modifiers(&Tokens),
    tags(
        (name = "jobs", description = "Requests and their state."),
        (name = "tasks", description = "The parts of a job."),
        (name = "outputs", description = "What jobs and tasks have given."),
        (name = "scheduled jobs", description = "What makes jobs again and again."),
        (name = "templates", description = "Jobs to be, which AI Data's GraphQL interface makes."),
        (name = "engines", description = "Models that the organisation may use."),
        (name = "access", description = "Logins and tokens."),
        (name = "server", description = "The server itself."),
    ),
)]
struct Document;

/// How calls say who makes them.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let header = ApiKey::Header(ApiKeyValue::new("api_key"));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(header));
    }
}

/// The document as it is served and checked in.
pub(crate) fn document() -> String {
    let (_, calls) = calls::described().split_for_parts();
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

/// Says of a call how it may be refused: with each status that there is an error for.
fn describe_refusals(call: &mut Operation) {
    let body = RefOr::Ref(Ref::from_schema_name(ErrorBody::name()));
    for id in ErrorId::ALL {
        let content = Content::builder().schema(Some(body.clone())).build();
        let refusal = ResponseBuilder::new().description(id.description()).content("application/json", content).build();
        call.responses.responses.entry(id.status().to_string()).or_insert(RefOr::T(refusal));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use std::path::Path;

    use super::*;

    /// `ANALYTE_BLESS=1 cargo test --workspace --lib -- openapi` writes the document anew.
    #[test]
    fn the_checked_in_openapi_document_is_the_served_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/aiware-openapi.json");
        let served = document();
        if std::env::var_os("ANALYTE_BLESS").is_some() {
            std::fs::write(&path, &served).unwrap();
        }
        let kept = std::fs::read_to_string(&path).expect("docs/reference/aiware-openapi.json is there");
        assert!(
            kept == served,
            "docs/reference/aiware-openapi.json has drifted: run `ANALYTE_BLESS=1 cargo test --workspace --lib -- openapi`"
        );
    }
}
