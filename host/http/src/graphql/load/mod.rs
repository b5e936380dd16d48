//! Where things are found.

pub(super) mod engines;
pub(super) mod jobs;
pub(super) mod objects;
pub(super) mod results;
pub(super) mod schedules;
pub(super) mod templates;
