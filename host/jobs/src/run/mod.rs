//! Runs: places for them, queued tasks that are given to free places, one attempt from its claim to its outcome, sessions.

pub(crate) mod active_runs;
pub(crate) mod attempt;
pub(crate) mod dispatch;
mod execute;
pub(crate) mod fetch;
pub(crate) mod finish;
pub(crate) mod flush_events;
pub(crate) mod heartbeat;
pub(crate) mod held_up;
mod input;
pub(crate) mod outcomes;
pub(crate) mod pinned;
pub(crate) mod run_sink;
pub(crate) mod sessions;
pub(crate) mod slots;
pub(crate) mod split;
mod wake;
