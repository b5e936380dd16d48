//! Calls about one task.

pub(super) mod detail;
pub(super) mod logs;
