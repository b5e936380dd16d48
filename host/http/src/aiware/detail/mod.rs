//! Jobs, tasks and engines as they stand in answers. What has no meaning here is `null`.

pub(crate) mod engine;
pub(crate) mod job;
pub(crate) mod task;
