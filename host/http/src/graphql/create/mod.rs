//! How jobs are made of what is asked for.

pub(super) mod job;
pub(super) mod object;
pub(super) mod schedule;
mod tasks;
pub(super) mod template;
