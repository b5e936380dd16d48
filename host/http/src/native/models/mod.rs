//! Models: list, show, publish, switch on and off, remove.

pub(crate) mod body;
pub(crate) mod delete;
pub(crate) mod enable;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
