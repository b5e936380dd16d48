//! Calls of the product that have no meaning here, and those that are still to come: each is answered 501 and says which it
//! is, so that a client can tell them from an address that it has wrong.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodFilter, on};

use crate::aiware::error::{ErrorId, Refusal};
use crate::shared::Shared;

/// Why a call is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// What it is about is not there: machines, work requests, images of engines.
    NoMeaning,
    /// Templates are to come.
    ToCome,
}

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

/// All of them. `docs/aiware.md` lists them.
const CALLS: &[(MethodFilter, &str, Why)] = &[
    (GET, "proc/job/{job}/workrequests", Why::NoMeaning),
    (GET, "proc/job/{job}/performance", Why::NoMeaning),
    (GET, "proc/jobs/stats/organization", Why::NoMeaning),
    (GET, "proc/jobs/stats/time_ranges", Why::NoMeaning),
    (GET, "proc/jobs/performance", Why::NoMeaning),
    (GET.or(POST), "proc/jobs/backlog_count_by_engine", Why::NoMeaning),
    (GET, "proc/scheduled_jobs/rate_pending_time_ranges", Why::NoMeaning),
    (GET, "proc/scheduled_jobs/total_pending_time_ranges", Why::NoMeaning),
    (POST, "proc/endpoint/{endpoint}", Why::NoMeaning),
    (POST, "engine/{engine}/createjob", Why::ToCome),
    (GET.or(POST).or(MethodFilter::DELETE), "engine/{engine}/template/{template}", Why::ToCome),
    (POST, "proc/task/{task}/delete", Why::NoMeaning),
    (GET, "proc/task/{task}/timings", Why::NoMeaning),
    (GET, "proc/task/reports", Why::NoMeaning),
    (GET, "proc/task/reports/{month}", Why::NoMeaning),
    (GET, "proc/task/listreports", Why::NoMeaning),
    (GET, "proc/tasks/stats", Why::NoMeaning),
    (GET, "proc/tasks/stats/categories", Why::NoMeaning),
    (GET, "proc/tasks/stats/engines", Why::NoMeaning),
    (GET, "proc/tasks/stats/organizations", Why::NoMeaning),
    (GET, "proc/tasks/stats/time_ranges", Why::NoMeaning),
    (GET, "proc/tasks/stats/export", Why::NoMeaning),
    (GET, "proc/tasks/error/count_type_by_engine", Why::NoMeaning),
    (GET, "proc/tasks/error/engine_error_time_ranges", Why::NoMeaning),
    (GET, "proc/tasks/error/server_error_counts", Why::NoMeaning),
    (GET, "proc/tasks/instances/by_category_host", Why::NoMeaning),
    (GET, "proc/tasks/sync_backlog", Why::NoMeaning),
    (GET, "proc/workrequest/{work_request}/detail", Why::NoMeaning),
    (POST, "admin/engine/create", Why::NoMeaning),
    (POST, "admin/engine/{engine}/update", Why::NoMeaning),
    (POST, "admin/engine/{engine}/delete", Why::NoMeaning),
    (POST, "admin/engine/{engine}/pause", Why::NoMeaning),
    (POST, "admin/engine/{engine}/resume", Why::NoMeaning),
    (POST, "admin/engine/{engine}/replace", Why::NoMeaning),
    (GET, "admin/engine/{engine}/builds", Why::NoMeaning),
    (POST, "admin/build/create", Why::NoMeaning),
    (POST, "engine/build/{build}/state", Why::NoMeaning),
    (POST, "admin/users/oauth2_login", Why::NoMeaning),
    (GET, "admin/tokens", Why::NoMeaning),
];

/// Adds them to the calls that are offered.
pub(super) fn add(calls: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    CALLS.iter().fold(calls, |calls, (methods, path, why)| {
        let answer = move || async move { refusal(*why) };
        calls.route(&format!("/edge/v1/{path}"), on(*methods, answer))
    })
}

fn refusal(why: Why) -> Refusal {
    let detail = match why {
        Why::NoMeaning => "this call has no meaning here; docs/aiware.md lists what is offered",
        Why::ToCome => "this call is not offered yet; docs/aiware.md lists what is",
    };
    Refusal::new(ErrorId::NotImplemented, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_for_clients_lists_each() {
        let page = include_str!("../../../../../docs/aiware.md");
        for (_, path, _) in CALLS {
            assert!(page.contains(&format!("`{path}`")), "docs/aiware.md does not name {path}");
        }
    }
}
