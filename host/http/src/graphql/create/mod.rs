//! How jobs are made of what is asked for.

pub(super) mod job;
pub(super) mod object;
mod tasks;
