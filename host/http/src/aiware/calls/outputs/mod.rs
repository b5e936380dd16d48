//! What jobs and tasks have given: tables and files, by name.

pub(super) mod names;

pub(super) mod download;
pub(super) mod get;
pub(super) mod list;
