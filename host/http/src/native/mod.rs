//! The native surface: the calls of `docs/reference/openapi.json`.
//!
//! One folder per kind of thing, one file per call. Every handler does the same four steps: may the caller do this, what
//! is asked, ask the job manager, say what it answered.

use std::sync::Arc;

use analyte_core::codes::Code;
use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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
pub(crate) mod schedules;
pub(crate) mod table;
pub(crate) mod tokens;

/// Whether anybody may call this address.
pub(crate) fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// All calls, each with its description: the one place where a route stands.
pub(crate) fn calls() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(health::openapi))
        .routes(routes!(metrics::metrics))
        .routes(routes!(providers::list::list))
        .routes(routes!(providers::get::get, providers::put::put, providers::delete::delete))
        .routes(routes!(models::list::list))
        .routes(routes!(models::get::get, models::put::put, models::delete::delete))
        .routes(routes!(models::enable::enable))
        .routes(routes!(models::enable::disable))
        .routes(routes!(execute::execute))
        .routes(routes!(tokens::own::own))
        .routes(routes!(tokens::list::list, tokens::create::create))
        .routes(routes!(tokens::get::get, tokens::revoke::revoke))
        .routes(routes!(organisations::list::list))
        .routes(routes!(organisations::get::get, organisations::put::put))
        .routes(routes!(jobs::read::list::list, jobs::submit::single::submit))
        .routes(routes!(jobs::submit::batch::submit))
        .routes(routes!(jobs::read::query::query))
        .routes(routes!(jobs::act::cancel_matching::cancel))
        .routes(routes!(jobs::read::get::get, jobs::act::purge::purge))
        .routes(routes!(jobs::act::retry::retry))
        .routes(routes!(jobs::read::events::follow))
        .routes(routes!(jobs::act::cancel::cancel))
        .routes(routes!(jobs::read::results::of_job))
        .routes(routes!(jobs::read::errors::of_job))
        .routes(routes!(jobs::read::files::of_job))
        .routes(routes!(jobs::read::file::of_job))
        .routes(routes!(jobs::read::logs::of_job))
        .routes(routes!(jobs::read::webhooks::webhooks))
        .routes(routes!(jobs::read::tasks::list))
        .routes(routes!(jobs::read::tasks::get))
        .routes(routes!(jobs::read::results::of_task))
        .routes(routes!(jobs::read::errors::of_task))
        .routes(routes!(jobs::read::files::of_task))
        .routes(routes!(jobs::read::file::of_task))
        .routes(routes!(jobs::read::logs::of_task))
        .routes(routes!(schedules::list::list, schedules::create::create))
        .routes(routes!(schedules::get::get, schedules::put::put, schedules::delete::delete))
        .routes(routes!(schedules::launch::launch))
        .routes(routes!(schedules::next::next))
        .routes(routes!(schedules::history::history))
        .routes(routes!(schedules::jobs::jobs))
}

/// The calls as they are answered.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let (router, _) = calls().split_for_parts();
    router
        .fallback(async || Problem::no_such_address())
        .method_not_allowed_fallback(async || {
            Problem::new(
                Code::MethodNotAllowed,
                "this address does not know this method; the Allow header names those it knows",
            )
        })
        .with_state(shared)
}
