//! The journal of changes: blocks of the changes of one batch, under the position of the last one.

use std::collections::VecDeque;

use analyte_core::job::Job;
use analyte_core::timestamp::Timestamp;

use crate::sled::format::{envelope, journal_block, keys};
use crate::sled::state::records::Records;
use crate::{Change, Result};

/// Changes that are kept at least. They outlive the jobs that they tell of, and sled takes some twenty times their bytes: when
/// 100,000 were kept, the file grew by 2 KB with each job that came and went, up to that number.
pub(crate) const KEPT: u64 = 1_000;
/// Most changes of one block.
const BLOCK: usize = 64;

/// Where the journal stands.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Position of the newest change.
    last: u64,
    /// Last position of each stored block, oldest first.
    blocks: VecDeque<u64>,
    /// Of the batch at hand.
    new: Vec<Change>,
    /// Of the batch at hand, and written.
    written: Vec<Change>,
}

impl Journal {
    /// Finds out where it stands.
    pub(crate) fn open(records: &Records) -> Result<Self> {
        let mut journal = Self::default();
        for entry in records.scan(&[keys::JOURNAL]) {
            let (key, _) = entry?;
            if let Some(last) = keys::of_journal(&key) {
                journal.blocks.push_back(last);
                journal.last = last;
            }
        }
        // The positions of a block that was put aside are not given again.
        for entry in records.scan(&keys::quarantine(&[keys::JOURNAL])) {
            journal.last =
                journal.last.max(keys::of_journal(entry?.0.get(1..).unwrap_or_default()).unwrap_or_default());
        }
        Ok(journal)
    }

    pub(crate) fn push(&mut self, job: &Job, now: Timestamp) {
        self.last += 1;
        self.new.push(Change {
            position: self.last,
            organisation: job.organisation.clone(),
            job: job.id,
            status: job.status,
            at: now,
        });
    }

    /// Changes of the batch at hand.
    pub(crate) fn batch(&self) -> impl Iterator<Item = &Change> {
        self.written.iter().chain(&self.new)
    }

    /// The batch is durable.
    pub(crate) fn settled(&mut self) {
        self.written.clear();
    }

    /// Writes what was pushed, and drops blocks that are too old. The newest one stays, so that positions go on from
    /// it.
    pub(crate) fn write(&mut self, records: &mut Records) {
        for block in self.new.chunks(BLOCK) {
            let Some(last) = block.last() else { continue };
            records.insert(envelope::entries(keys::journal(last.position), &journal_block::bytes(block)));
            self.blocks.push_back(last.position);
        }
        self.written.append(&mut self.new);
        let oldest = self.last.saturating_sub(KEPT);
        // A block may go when all of it is older than what is kept.
        while self.blocks.front().is_some_and(|last| *last <= oldest) {
            if let Some(last) = self.blocks.pop_front() {
                // A block that cannot be read for removing its pieces leaves them behind: they take up space, and are
                // never read.
                if records.take_away(keys::journal(last)).is_err() {
                    tracing::warn!(last, "a block of the journal could not be removed");
                }
            }
        }
    }
}
