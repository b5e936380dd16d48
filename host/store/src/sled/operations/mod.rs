//! What the committer carries out, one call of the store each.

pub(crate) mod apply;
pub(crate) mod cancel;
pub(crate) mod claim;
pub(crate) mod deliveries;
pub(crate) mod documents;
pub(crate) mod files;
pub(crate) mod finish;
pub(crate) mod fire;
pub(crate) mod heartbeat;
pub(crate) mod keep_run_events;
pub(crate) mod models;
pub(crate) mod organisations;
pub(crate) mod providers;
pub(crate) mod purge;
pub(crate) mod release;
pub(crate) mod schedules;
pub(crate) mod submit;
pub(crate) mod tokens;
pub(crate) mod unfinished;
