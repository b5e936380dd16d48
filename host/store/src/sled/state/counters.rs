//! How many jobs each organisation has in each state.

use std::collections::{HashMap, HashSet};

use analyte_core::job::Status;
use analyte_core::names::Organisation;

use crate::Counts;

/// Jobs of each organisation, by state.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    all: HashMap<Organisation, Counts>,
    /// Differ from what readers have.
    changed: HashSet<Organisation>,
}

impl Counters {
    /// To be changed.
    pub(crate) fn of(&mut self, organisation: &Organisation) -> &mut Counts {
        if !self.changed.contains(organisation) {
            self.changed.insert(organisation.clone());
        }
        self.all.entry(organisation.clone()).or_default()
    }

    /// Those that changed since this was asked last.
    pub(crate) fn take_changed(&mut self) -> Vec<(Organisation, Counts)> {
        let Self { all, changed } = self;
        let counts = |organisation: Organisation| {
            let counts = all.get(&organisation).copied().unwrap_or_default();
            (organisation, counts)
        };
        changed.drain().map(counts).collect()
    }
}

/// The number of jobs in one state.
pub(crate) fn count(counts: &mut Counts, status: Status) -> &mut u64 {
    match status {
        Status::Queued => &mut counts.queued,
        Status::Running => &mut counts.running,
        Status::Completed => &mut counts.completed,
        Status::Failed => &mut counts.failed,
        Status::Cancelled => &mut counts.cancelled,
    }
}
