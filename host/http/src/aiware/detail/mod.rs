//! Jobs, tasks, scheduled jobs and engines as they stand in answers. What has no meaning here is `null`.

pub(crate) mod engine;
pub(crate) mod job;
pub(crate) mod scheduled_job;
pub(crate) mod task;
