//! Calls about one job.

pub(crate) mod create;
pub(super) mod delete;
pub(super) mod detail;
pub(super) mod status;
