//! What there is of jobs: lists, a job, its tasks, what happens to it and what it gave.

pub(crate) mod cursor;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod query;
pub(crate) mod results;
pub(crate) mod tasks;
pub(crate) mod webhooks;
