//! Providers: list, show, install, remove.

pub(crate) mod body;
pub(crate) mod change;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
