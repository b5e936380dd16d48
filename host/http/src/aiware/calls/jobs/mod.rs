//! Calls about many jobs.

pub(super) mod cancel;
pub(super) mod list;
pub(super) mod stats;
