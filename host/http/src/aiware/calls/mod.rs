//! All calls, one file each.

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::shared::Shared;

mod admin;
pub(crate) mod job;
mod jobs;
mod openapi;
mod outputs;
mod scheduled_job;
mod socket;
mod task;
mod tasks;
mod template;
mod unoffered;
mod version;

/// All calls that are offered, each with its description: the one place where a route stands.
pub(crate) fn described() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(version::version))
        .routes(routes!(socket::open))
        .routes(routes!(job::create::create))
        .routes(routes!(job::status::status))
        .routes(routes!(job::status::recheck_status))
        .routes(routes!(job::detail::detail))
        .routes(routes!(outputs::list::of_job))
        .routes(routes!(outputs::get::of_job))
        .routes(routes!(outputs::download::of_job))
        .routes(routes!(task::logs::of_job))
        .routes(routes!(job::delete::delete))
        .routes(routes!(job::add_task::add_task))
        .routes(routes!(job::add_task_route::add_task_route))
        .routes(routes!(jobs::list::list))
        .routes(routes!(jobs::cancel::cancel))
        .routes(routes!(jobs::stats::stats))
        .routes(routes!(task::detail::detail))
        .routes(routes!(outputs::list::of_task))
        .routes(routes!(outputs::get::of_task))
        .routes(routes!(outputs::download::of_task))
        .routes(routes!(task::logs::of_task))
        .routes(routes!(task::logs::data_of_task))
        .routes(routes!(tasks::list::list))
        .routes(routes!(tasks::errors::errors))
        .routes(routes!(tasks::update_status::update_status))
        .routes(routes!(scheduled_job::list::list))
        .routes(routes!(scheduled_job::detail::detail))
        .routes(routes!(scheduled_job::delete::delete))
        .routes(routes!(template::launch::launch))
        .routes(routes!(admin::engines::engines))
        .routes(routes!(admin::engine_detail::detail))
        .routes(routes!(admin::login::login))
        .routes(routes!(admin::auth::auth))
        .routes(routes!(admin::create_token::create))
        .routes(routes!(openapi::openapi))
}

/// All calls; what is not offered is in [`unoffered`].
pub(super) fn all() -> Router<Arc<Shared>> {
    let (calls, _) = described().split_for_parts();
    unoffered::add(calls)
}
