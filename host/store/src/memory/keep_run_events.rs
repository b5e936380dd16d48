//! Keeps what runs report, with ids that rise, up to a bounded number of bytes for each job.

use analyte_core::job::event::{EventId, Happened, JobEvent, RUN_EVENTS_PER_REVISION, Reported, RunEvent};
use analyte_core::names::RunKey;

use crate::memory::data::Data;

/// About the bytes that are kept of what the runs of one job reported.
const KEPT_BYTES: usize = 1 << 20;
/// About what an event takes beside its text.
const EVENT_BYTES: usize = 64;

fn bytes_of(what: &Happened) -> usize {
    let text = match what {
        Happened::Reported { what: Reported::Progress(progress), .. } => progress.message.len(),
        Happened::Reported { what: Reported::Log { message, .. }, .. } => message.len(),
        _ => 0,
    };
    EVENT_BYTES + text
}

impl Data {
    /// Keeps what a run reported; `false`: it is not current, and nothing was kept.
    pub(super) fn keep_run_events(&mut self, run: &RunKey, events: Vec<RunEvent>) -> bool {
        if !self.is_current(run) {
            return false;
        }
        let Some(entry) = self.jobs.get_mut(&(run.key.organisation.clone(), run.key.job)) else { return false };
        let revision = entry.job.revision;
        for RunEvent { at, what } in events {
            let number = entry.last_run_event.0.saturating_sub(EventId::of_revision(revision).0) + 1;
            let what = Happened::Reported { task: run.key.task.clone(), attempt: run.attempt, what };
            let bytes = bytes_of(&what);
            let id = EventId::of_run_event(revision, number)
                .filter(|_| number <= RUN_EVENTS_PER_REVISION && bytes <= KEPT_BYTES);
            let Some(id) = id else { continue };
            entry.last_run_event = id;
            entry.run_events.push_back(JobEvent { id, at, what });
            entry.run_event_bytes += bytes;
            while entry.run_event_bytes > KEPT_BYTES {
                let Some(oldest) = entry.run_events.pop_front() else { break };
                entry.run_event_bytes = entry.run_event_bytes.saturating_sub(bytes_of(&oldest.what));
            }
        }
        true
    }
}
