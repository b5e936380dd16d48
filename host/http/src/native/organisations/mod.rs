//! Organisations: list, show, make or change.

pub(crate) mod body;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
