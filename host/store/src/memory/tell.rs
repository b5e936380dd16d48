//! Keeps what runs report, with ids that rise, up to a bounded number of bytes for each job.

use analyte_core::job::event::{EventId, Happened, JobEvent, TOLD_PER_REVISION, Telling, Told};
use analyte_core::names::RunKey;

use crate::memory::data::Data;

/// About the bytes that are kept of what the runs of one job reported.
const KEPT_BYTES: usize = 1 << 20;
/// About what an event takes beside its text.
const EVENT_BYTES: usize = 64;

fn bytes_of(what: &Happened) -> usize {
    let text = match what {
        Happened::Told { what: Telling::Progress(progress), .. } => progress.message.len(),
        Happened::Told { what: Telling::Log { message, .. }, .. } => message.len(),
        _ => 0,
    };
    EVENT_BYTES + text
}

impl Data {
    /// Keeps what a run reported; `false`: it is not current, and nothing was kept.
    pub(super) fn tell(&mut self, run: &RunKey, told: Vec<Told>) -> bool {
        if !self.is_current(run) {
            return false;
        }
        let Some(entry) = self.jobs.get_mut(&(run.key.organisation.clone(), run.key.job)) else { return false };
        let revision = entry.job.revision;
        for Told { at, what } in told {
            let number = entry.last_told.0.saturating_sub(EventId::of_revision(revision).0) + 1;
            let what = Happened::Told { task: run.key.task.clone(), attempt: run.attempt, what };
            let bytes = bytes_of(&what);
            let id = EventId::of_told(revision, number).filter(|_| number <= TOLD_PER_REVISION && bytes <= KEPT_BYTES);
            let Some(id) = id else { continue };
            entry.last_told = id;
            entry.told.push_back(JobEvent { id, at, what });
            entry.told_bytes += bytes;
            while entry.told_bytes > KEPT_BYTES {
                let Some(oldest) = entry.told.pop_front() else { break };
                entry.told_bytes = entry.told_bytes.saturating_sub(bytes_of(&oldest.what));
            }
        }
        true
    }
}
