//! From what a client asks for to a durable job.

pub(crate) mod coerce;
mod extend;
pub(crate) mod graph;
pub(crate) mod idempotency;
pub(crate) mod keys;
pub(crate) mod prepare;
mod retry;
pub(crate) mod run_limits;
pub(crate) mod submission;
pub(crate) mod submit;
pub(crate) mod submit_together;
pub(crate) mod task;
