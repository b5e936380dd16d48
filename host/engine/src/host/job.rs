//! `job`: what the component may know of its job, and how it reports progress.

use std::time::Instant;

use analyte_core::job::Progress;
use wasmtime::component::Linker;

use super::{HostState, at_once, cut};

/// Longest progress message in bytes.
const MESSAGE_BYTES: usize = 1_024;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut job = linker.instance("analyte:plugin/job@0.1.0")?;
    let free = |(): &()| 0;
    at_once(&mut job, "job-id", free, |store, ()| Ok((store.data().call.identity.job.clone(),)))?;
    at_once(&mut job, "task-name", free, |store, ()| Ok((store.data().call.identity.task.clone(),)))?;
    at_once(&mut job, "attempt", free, |store, ()| Ok((store.data().call.identity.attempt,)))?;
    at_once(&mut job, "session", free, |store, ()| Ok((store.data().call.identity.session.clone(),)))?;
    at_once(&mut job, "fuel-left", free, |store, ()| Ok((store.get_fuel()?,)))?;
    at_once(&mut job, "time-left", free, |store, ()| {
        let left = store.data().call.deadline.saturating_duration_since(Instant::now());
        Ok((u64::try_from(left.as_millis()).unwrap_or(u64::MAX),))
    })?;
    let said = |(_, message): &(f64, String)| message.len();
    at_once(&mut job, "progress", said, |store, (fraction, message)| {
        progress(store.data_mut(), fraction, &message);
        Ok(())
    })
}

/// Passes the report on, unless one was passed on too short a time ago; the latest of those held back is passed on at the end.
fn progress(state: &mut HostState, fraction: f64, message: &str) {
    let call = &mut state.call;
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    let report = Progress { fraction, message: cut(message, MESSAGE_BYTES).to_owned() };
    if let Some(report) = call.pace.admit(report) {
        call.sink.progress(report);
    }
}
