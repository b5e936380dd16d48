//! The native surface: the calls of `docs/reference/openapi.json`.
//!
//! One folder per kind of thing, one file per call. Every handler does the same four steps: may the caller do this, what
//! is asked, ask the job manager, say what it answered.

use std::sync::Arc;

use analyte_core::codes::Code;
use axum::Router;
use axum::routing::{get, post};

use crate::problem::Problem;
use crate::shared::Shared;

pub(crate) mod execute;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod json;
pub(crate) mod listing;
pub(crate) mod metrics;
pub(crate) mod models;
pub(crate) mod organisations;
pub(crate) mod path_and_query;
pub(crate) mod providers;
pub(crate) mod table;
pub(crate) mod tokens;

/// Whether anybody may call this address.
pub(crate) fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// All calls.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/openapi.json", get(health::openapi))
        .route("/metrics", get(metrics::metrics))
        .route("/v1/providers", get(providers::list::list))
        .route(
            "/v1/providers/{provider}",
            get(providers::get::get).put(providers::put::put).delete(providers::delete::delete),
        )
        .route("/v1/providers/{provider}/models", get(models::list::list))
        .route(
            "/v1/providers/{provider}/models/{model}",
            get(models::get::get).put(models::put::put).delete(models::delete::delete),
        )
        .route("/v1/providers/{provider}/models/{model}/execute", post(execute::execute))
        .route("/v1/providers/{provider}/models/{model}/enable", post(models::enable::enable))
        .route("/v1/providers/{provider}/models/{model}/disable", post(models::enable::disable))
        .route("/v1/token", get(tokens::own::own))
        .route("/v1/tokens", get(tokens::list::list).post(tokens::create::create))
        .route("/v1/tokens/{token}", get(tokens::get::get).delete(tokens::revoke::revoke))
        .route("/v1/organisations", get(organisations::list::list))
        .route("/v1/organisations/{organisation}", get(organisations::get::get).put(organisations::put::put))
        .route("/v1/jobs", get(jobs::list::list).post(jobs::submit::submit))
        .route("/v1/jobs/batch", post(jobs::batch::submit))
        .route("/v1/jobs/query", post(jobs::query::query))
        .route("/v1/jobs/cancel", post(jobs::cancel_matching::cancel))
        .route("/v1/jobs/{job}", get(jobs::get::get).delete(jobs::purge::purge))
        .route("/v1/jobs/{job}/retry", post(jobs::retry::retry))
        .route("/v1/jobs/{job}/events", get(jobs::events::follow))
        .route("/v1/jobs/{job}/cancel", post(jobs::cancel::cancel))
        .route("/v1/jobs/{job}/results", get(jobs::results::of_job))
        .route("/v1/jobs/{job}/errors", get(jobs::errors::of_job))
        .route("/v1/jobs/{job}/files", get(jobs::files::of_job))
        .route("/v1/jobs/{job}/files/{file}", get(jobs::file::of_job))
        .route("/v1/jobs/{job}/logs", get(jobs::logs::of_job))
        .route("/v1/jobs/{job}/tasks", get(jobs::tasks::list))
        .route("/v1/jobs/{job}/tasks/{task}", get(jobs::tasks::get))
        .route("/v1/jobs/{job}/tasks/{task}/results", get(jobs::results::of_task))
        .route("/v1/jobs/{job}/tasks/{task}/errors", get(jobs::errors::of_task))
        .route("/v1/jobs/{job}/tasks/{task}/files", get(jobs::files::of_task))
        .route("/v1/jobs/{job}/tasks/{task}/files/{file}", get(jobs::file::of_task))
        .route("/v1/jobs/{job}/tasks/{task}/logs", get(jobs::logs::of_task))
        .fallback(async || Problem::no_such_address())
        .method_not_allowed_fallback(async || {
            Problem::new(
                Code::MethodNotAllowed,
                "this address does not know this method; the Allow header names those it knows",
            )
        })
        .with_state(shared)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    /// The calls that the router knows, as they stand in this file: a router does not tell them.
    fn routed() -> BTreeSet<(String, String)> {
        let source = include_str!("mod.rs").split(".fallback(").next().unwrap();
        let mut calls = BTreeSet::new();
        for route in source.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            for method in ["get", "put", "post", "delete", "patch", "any"] {
                let named = |begin: &str| route.contains(&format!("{begin}{method}("));
                if named(" ") || named(".") || named("\n") {
                    calls.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
        calls
    }

    #[test]
    fn every_call_of_the_router_is_described_and_the_other_way_round() {
        let document: Value = serde_json::from_str(&crate::openapi::document()).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document.pointer("/paths").unwrap().as_object().unwrap() {
            described.extend(methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
        }
        assert_eq!(routed(), described);
        assert!(routed().len() > 40, "{:?}", routed());
    }
}
