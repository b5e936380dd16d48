//! `job`: what the component may know of its job, and how it reports progress.

use std::time::Instant;

use analyte_core::job::Progress;
use analyte_core::limits::Limits;
use wasmtime::component::Linker;

use crate::contract;
use crate::cut::cut;
use crate::host::charge::at_once;
use crate::host::view::{Find, View};
use crate::request::RunSink;
use crate::request::log_limits::Pace;

/// In the contract.
pub(super) const NAME: &str = "job";

/// Longest progress message in bytes.
const MESSAGE_BYTES: usize = 1_024;

/// What is kept of a call.
pub(crate) struct Job {
    pace: Pace,
}

impl Job {
    /// Of a call that has reported nothing yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { pace: Pace::new(limits) }
    }

    /// At the end of a call: passes on the latest report of those held back.
    pub(crate) fn end(&mut self, sink: &dyn RunSink) {
        if let Some(report) = self.pace.rest() {
            sink.progress(report);
        }
    }
}

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<T>, find: Find<T, Job>) -> wasmtime::Result<()> {
    let mut job = linker.instance(&contract::whole_name(NAME))?;
    let free = |(): &()| 0;
    at_once(&mut job, "job-id", free, move |store, ()| Ok((find(store.data_mut()).terms.identity.job.clone(),)))?;
    at_once(&mut job, "task-name", free, move |store, ()| Ok((find(store.data_mut()).terms.identity.task.clone(),)))?;
    at_once(&mut job, "attempt", free, move |store, ()| Ok((find(store.data_mut()).terms.identity.attempt,)))?;
    at_once(&mut job, "session", free, move |store, ()| Ok((find(store.data_mut()).terms.identity.session.clone(),)))?;
    at_once(&mut job, "fuel-left", free, |store, ()| Ok((store.get_fuel()?,)))?;
    at_once(&mut job, "time-left", free, move |store, ()| {
        let left = find(store.data_mut()).terms.deadline.saturating_duration_since(Instant::now());
        Ok((u64::try_from(left.as_millis()).unwrap_or(u64::MAX),))
    })?;
    let said = |(_, message): &(f64, String)| message.len();
    at_once(&mut job, "progress", said, move |store, (fraction, message)| {
        progress(&mut find(store.data_mut()), fraction, &message);
        Ok(())
    })
}

/// Passes the report on, unless one was passed on too short a time ago; the latest of those held back is passed on at the end.
fn progress(view: &mut View<'_, Job>, fraction: f64, message: &str) {
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    let report = Progress { fraction, message: cut(message, MESSAGE_BYTES).to_owned() };
    if let Some(report) = view.own.pace.admit(report) {
        view.terms.sink.progress(report);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::host::view::testing::{Heard, terms, view};

    #[test]
    fn a_report_is_clamped_and_cut_and_the_latest_of_those_held_back_comes_at_the_end() {
        let heard = Arc::new(Heard::default());
        let terms = terms(Limits { progress_per_second: 1, ..Limits::default() }, heard.clone());
        let mut own = Job::new(&terms.limits);
        for (fraction, message) in [(f64::INFINITY, "ü".repeat(600)), (0.5, "held back".into()), (7.0, "last".into())]
        {
            view(&terms, &mut own, |mut view| progress(&mut view, fraction, &message));
        }
        let first = Progress { fraction: 0.0, message: "ü".repeat(512) };
        assert_eq!(*heard.progress.lock(), std::slice::from_ref(&first));
        own.end(&*heard);
        own.end(&*heard);
        assert_eq!(*heard.progress.lock(), [first, Progress { fraction: 1.0, message: "last".into() }]);
    }
}
