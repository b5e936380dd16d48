//! Schedules: what fires when.

mod asked;
mod body;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod jobs;
pub(crate) mod launch;
pub(crate) mod list;
pub(crate) mod next;
mod numbered;
pub(crate) mod put;
mod when;
