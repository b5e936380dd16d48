//! Enumerations of the schema, with the words that clients use.

pub(super) mod engine;
pub(super) mod job;
pub(super) mod order;
pub(super) mod schedule;
pub(super) mod task;
