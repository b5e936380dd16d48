//! What clients see of jobs: one, lists, results, events; and what operators see of all.

pub(crate) mod follow;
pub(crate) mod inputs;
pub(crate) mod measure;
pub(crate) mod query;
pub(crate) mod read;
mod wait;
pub(crate) mod watchers;
