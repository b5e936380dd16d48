//! Jobs: submit, list, show, follow, cancel, run again, and what they give.

pub(crate) mod act;
pub(crate) mod body;
pub(crate) mod query_body;
pub(crate) mod read;
pub(crate) mod submit;
