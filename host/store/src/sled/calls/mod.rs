//! The calls of the store, part by part: what can be done before the committer's turn is done here.

pub(crate) mod access;
pub(crate) mod catalogue;
pub(crate) mod contents;
pub(crate) mod deliveries;
pub(crate) mod documents;
pub(crate) mod files;
pub(crate) mod jobs;
pub(crate) mod put_aside;
pub(crate) mod retire;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod upkeep;
