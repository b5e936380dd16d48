//! `job`: what the component may know of its job, and how it reports progress.

use std::time::Instant;

use analyte_core::job::Progress;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{HostState, charge, cut};

/// Longest progress message in bytes.
const MESSAGE_BYTES: usize = 1_024;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut job = linker.instance("analyte:plugin/job@0.1.0")?;
    job.func_wrap("job-id", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        Ok((store.data().call.identity.job.clone(),))
    })?;
    job.func_wrap("task-name", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        Ok((store.data().call.identity.task.clone(),))
    })?;
    job.func_wrap("attempt", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        Ok((store.data().call.identity.attempt,))
    })?;
    job.func_wrap("session", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        Ok((store.data().call.identity.session.clone(),))
    })?;
    job.func_wrap("fuel-left", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        Ok((store.get_fuel()?,))
    })?;
    job.func_wrap("time-left", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        let left = store.data().call.deadline.saturating_duration_since(Instant::now());
        Ok((u64::try_from(left.as_millis()).unwrap_or(u64::MAX),))
    })?;
    job.func_wrap("progress", |mut store: StoreContextMut<'_, HostState>, (fraction, message): (f64, String)| {
        charge(&mut store, message.len())?;
        progress(store.data_mut(), fraction, &message);
        Ok(())
    })?;
    Ok(())
}

/// Passes the report on, unless one was passed on too short a time ago; the latest of those held back is told at the end.
fn progress(state: &mut HostState, fraction: f64, message: &str) {
    let call = &mut state.call;
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    let report = Progress { fraction, message: cut(message, MESSAGE_BYTES).to_owned() };
    if let Some(report) = call.pace.admit(report) {
        call.sink.progress(report);
    }
}
