//! Jobs: submit, list, show, follow, cancel, run again, and what they give.

pub(crate) mod batch;
pub(crate) mod body;
pub(crate) mod cancel;
pub(crate) mod cancel_matching;
pub(crate) mod cursor;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod logs;
mod prefer;
pub(crate) mod purge;
pub(crate) mod query;
mod query_body;
pub(crate) mod results;
pub(crate) mod retry;
pub(crate) mod submission;
pub(crate) mod submit;
pub(crate) mod tasks;
