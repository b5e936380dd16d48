//! Tokens: make, list, show, revoke; and whose the caller's own is.

pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod own;
pub(crate) mod revoke;
