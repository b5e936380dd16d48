//! Jobs: submit, list, show, cancel, and what they give.

pub(crate) mod body;
pub(crate) mod cancel;
pub(crate) mod cursor;
pub(crate) mod errors;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod logs;
mod prefer;
pub(crate) mod results;
pub(crate) mod submission;
pub(crate) mod submit;
pub(crate) mod tasks;
