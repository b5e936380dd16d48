//! What is asked with.

pub(super) mod account;
pub(super) mod job;
pub(super) mod list;
pub(super) mod object;
pub(super) mod schedule;
pub(super) mod task;
pub(super) mod template;
pub(super) mod unoffered;
