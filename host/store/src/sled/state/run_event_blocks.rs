//! Which blocks of what its runs reported a live job has.

use std::collections::VecDeque;

use analyte_core::job::event::EventId;

use crate::Result;
use crate::sled::format::envelope;
use crate::sled::format::keys::{self, Place};
use crate::sled::state::records::Records;

/// Which blocks a job has.
#[derive(Debug, Default)]
pub(crate) struct RunEventBlocks {
    /// The last id that was given.
    last: EventId,
    /// Oldest first: the id at the end of the key, and the bytes.
    pub(crate) kept: VecDeque<(EventId, usize)>,
    /// Sum of these.
    pub(crate) bytes: usize,
}

impl RunEventBlocks {
    /// As the records have them.
    pub(crate) fn find(records: &Records, place: &Place) -> Result<Self> {
        let prefix = keys::run_events_of(&place.0, place.1);
        let mut blocks = Self::default();
        for (key, head) in records.under(&prefix)? {
            let Some(last) = keys::of_run_events(&key) else { continue };
            blocks.push(last, envelope::length(&head));
        }
        for aside in records.under(&keys::quarantine(&prefix))?.keys() {
            blocks.last = blocks.last.max(keys::of_run_events(aside).unwrap_or_default());
        }
        Ok(blocks)
    }

    pub(crate) fn push(&mut self, last: EventId, bytes: usize) {
        self.last = self.last.max(last);
        self.kept.push_back((last, bytes));
        self.bytes += bytes;
    }

    /// The number of the next event of this revision.
    pub(crate) fn next(&self, revision: u64) -> u64 {
        self.last.0.saturating_sub(EventId::of_revision(revision).0) + 1
    }
}
