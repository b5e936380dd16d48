//! The job that is being run.
//!
//! While a provider is being described there is no job: ids are empty. Outside a component, in a test, there is none
//! either, and [`fuel_left`] and [`time_left`] are without end.

use std::time::Duration;

use crate::host;

/// The job's id.
pub fn id() -> String {
    host::job_id()
}

/// The task's name within its job.
pub fn task_name() -> String {
    host::task_name()
}

/// Which attempt this is, counted from 1.
pub fn attempt() -> u32 {
    host::attempt()
}

/// The stateful session that this call belongs to, if any: within one, this instance keeps its memory between calls.
pub fn session() -> Option<String> {
    host::session()
}

/// Fuel until the run is stopped with `out-of-fuel`.
pub fn fuel_left() -> u64 {
    host::fuel_left()
}

/// Time until the run is stopped with `timeout`.
pub fn time_left() -> Duration {
    Duration::from_millis(host::time_left())
}

/// Tells clients how far the run is: `fraction` from 0 to 1. The host keeps a few a second, so call it freely, but not
/// in an inner loop: each call leaves the component.
pub fn progress(fraction: f64, message: impl AsRef<str>) {
    host::progress(fraction, message.as_ref());
}
