//! The description of all calls. It is checked in as `docs/reference/openapi.json`; a test compares.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::native::{execute, health, jobs, metrics, models, organisations, providers, tokens};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Analyte",
        description = "Runs analyses in a sandbox: tables in, tables out.\n\nEvery call but `/healthz` and `/readyz` needs \
            `Authorization: Bearer TOKEN`, and a `Host` that is loopback or configured. Whatever is refused is answered \
            as a problem (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        health::alive,
        health::ready,
        health::openapi,
        metrics::metrics,
        providers::list::list,
        providers::get::get,
        providers::put::put,
        providers::delete::delete,
        models::list::list,
        models::get::get,
        models::put::put,
        models::delete::delete,
        models::enable::enable,
        models::enable::disable,
        execute::execute,
        tokens::own::own,
        tokens::list::list,
        tokens::create::create,
        tokens::get::get,
        tokens::revoke::revoke,
        organisations::list::list,
        organisations::get::get,
        organisations::put::put,
        jobs::submit::submit,
        jobs::batch::submit,
        jobs::list::list,
        jobs::query::query,
        jobs::cancel_matching::cancel,
        jobs::get::get,
        jobs::purge::purge,
        jobs::cancel::cancel,
        jobs::retry::retry,
        jobs::events::follow,
        jobs::results::of_job,
        jobs::errors::of_job,
        jobs::files::of_job,
        jobs::file::of_job,
        jobs::logs::of_job,
        jobs::tasks::list,
        jobs::tasks::get,
        jobs::results::of_task,
        jobs::errors::of_task,
        jobs::files::of_task,
        jobs::file::of_task,
        jobs::logs::of_task,
    ),
    security(("token" = [])),
    modifiers(&Token),
    tags(
        (name = "providers", description = "Installed components."),
        (name = "models", description = "What they compute."),
        (name = "jobs", description = "Requests and their state."),
        (name = "tasks", description = "The parts of a job; nearly always one, named `main`."),
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

/// The OpenAPI document as it is served and checked in.
pub fn document() -> String {
    // Made of strings and maps with string keys: writing it cannot fail.
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use std::path::Path;

    use super::*;

    /// `ANALYTE_BLESS=1 cargo test -p analyte-http openapi` writes the document anew.
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
            "docs/reference/openapi.json has drifted: run `ANALYTE_BLESS=1 cargo test -p analyte-http openapi`"
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
