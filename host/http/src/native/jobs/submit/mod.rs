//! Jobs to be: one of them, or a batch.

pub(crate) mod arrived;
pub(crate) mod batch;
pub(crate) mod body;
mod form;
mod prefer;
mod query;
mod sent;
pub(crate) mod single;
pub(crate) mod submission;
