//! Reads beside the committer.

pub(crate) mod component;
pub(crate) mod content;
pub(crate) mod contents;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod expired;
pub(crate) mod files;
pub(crate) mod index_intersection;
pub(crate) mod journal;
pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod queue_position;
pub(crate) mod read_admission;
pub(crate) mod reader;
pub(crate) mod schedules;
pub(crate) mod search;
pub(crate) mod sorted;
