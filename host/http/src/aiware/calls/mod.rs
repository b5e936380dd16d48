//! All calls, one file each.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::shared::Shared;

mod admin;
pub(crate) mod job;
mod jobs;
mod outputs;
mod scheduled_job;
mod socket;
mod task;
mod tasks;
mod template;
mod unoffered;
mod version;

/// All calls: the one place where a route stands. What is not offered is in [`unoffered`].
pub(super) fn all() -> Router<Arc<Shared>> {
    let calls = Router::new()
        .route("/edge/v1/version", get(version::version))
        .route("/edge/v1/client/ws", get(socket::open))
        .route("/edge/v1/proc/job/create", post(job::create::create))
        .route("/edge/v1/proc/job/{job}/status", get(job::status::status))
        .route("/edge/v1/proc/job/{job}/recheck_status", get(job::status::status))
        .route("/edge/v1/proc/job/{job}/detail", get(job::detail::detail))
        .route("/edge/v1/proc/job/{job}/outputs", get(outputs::list::of_job))
        .route("/edge/v1/proc/job/{job}/output/{name}", get(outputs::get::of_job))
        .route("/edge/v1/proc/job/{job}/download/{name}", get(outputs::download::of_job))
        .route("/edge/v1/proc/job/{job}/data", get(task::logs::of_job))
        .route("/edge/v1/proc/job/{job}/delete", post(job::delete::delete))
        .route("/edge/v1/proc/job/{job}/addtask", post(job::add_task::add_task))
        .route("/edge/v1/proc/job/{job}/addtaskroute", post(job::add_task_route::add_task_route))
        .route("/edge/v1/proc/jobs", get(jobs::list::list))
        .route("/edge/v1/proc/jobs/cancel", post(jobs::cancel::cancel))
        .route("/edge/v1/proc/jobs/stats", get(jobs::stats::stats))
        .route("/edge/v1/proc/task/{task}/detail", get(task::detail::detail))
        .route("/edge/v1/proc/task/{task}/outputs", get(outputs::list::of_task))
        .route("/edge/v1/proc/task/{task}/output/{name}", get(outputs::get::of_task))
        .route("/edge/v1/proc/task/{task}/download/{name}", get(outputs::download::of_task))
        .route("/edge/v1/proc/task/{task}/logs", get(task::logs::of_task))
        .route("/edge/v1/proc/task/{task}/data", get(task::logs::of_task))
        .route("/edge/v1/proc/tasks", get(tasks::list::list))
        .route("/edge/v1/proc/tasks/errors", get(tasks::errors::errors))
        .route("/edge/v1/proc/tasks/update_status", post(tasks::update_status::update_status))
        .route("/edge/v1/proc/scheduled_jobs", get(scheduled_job::list::list))
        .route("/edge/v1/proc/scheduled_job/{scheduled_job}/detail", get(scheduled_job::detail::detail))
        .route("/edge/v1/proc/scheduled_job/{scheduled_job}/delete", post(scheduled_job::delete::delete))
        .route("/edge/v1/proc/template/{template}/launch", post(template::launch::launch))
        .route("/edge/v1/admin/engines", get(admin::engines::engines))
        .route("/edge/v1/admin/engine/{engine}/detail", get(admin::engine_detail::detail))
        .route("/edge/v1/admin/users/login", post(admin::login::login))
        .route("/edge/v1/admin/auth", post(admin::auth::auth))
        .route("/edge/v1/admin/tokens/create", post(admin::create_token::create));
    unoffered::add(calls)
}
