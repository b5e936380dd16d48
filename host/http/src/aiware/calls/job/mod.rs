//! Calls about one job.

pub(super) mod add_task;
pub(super) mod add_task_route;
pub(crate) mod create;
pub(super) mod delete;
pub(super) mod detail;
pub(super) mod status;
