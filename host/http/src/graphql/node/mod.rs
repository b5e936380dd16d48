//! What is answered about, without how: [`field`](super::field) says which fields each has.

pub(super) mod account;
pub(super) mod engine;
pub(super) mod job;
pub(super) mod object;
pub(super) mod page;
pub(super) mod removed;
pub(super) mod result;
pub(super) mod schedule;
pub(super) mod task;
pub(super) mod template;
