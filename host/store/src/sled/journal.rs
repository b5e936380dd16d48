//! The journal of changes: blocks of the changes of one batch, under the position of the last one.

use std::collections::VecDeque;

use analyte_core::job::{Job, Status};
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use super::envelope::{Find, Value};
use super::records::Records;
use super::{envelope, keys};
use crate::{Change, Result, StoreError};

/// Changes that are kept at least.
pub(super) const KEPT: u64 = 100_000;
/// Most changes of one block.
const BLOCK: usize = 64;

/// Where the journal stands.
#[derive(Debug, Default)]
pub(super) struct Journal {
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
    pub(super) fn open(records: &Records) -> Result<Self> {
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

    pub(super) fn push(&mut self, job: &Job, now: Timestamp) {
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
    pub(super) fn batch(&self) -> impl Iterator<Item = &Change> {
        self.written.iter().chain(&self.new)
    }

    /// The batch is durable.
    pub(super) fn settled(&mut self) {
        self.written.clear();
    }

    /// Writes what was pushed, and drops blocks that are too old. The newest one stays, so that positions go on from it.
    pub(super) fn write(&mut self, records: &mut Records) {
        for block in self.new.chunks(BLOCK) {
            let Some(last) = block.last() else { continue };
            let mut bytes = Vec::with_capacity(block.len() * 40);
            for change in block {
                write_one(&mut bytes, change);
            }
            records.insert(envelope::entries(keys::journal(last.position), &bytes));
            self.blocks.push_back(last.position);
        }
        self.written.append(&mut self.new);
        let oldest = self.last.saturating_sub(KEPT);
        // A block may go when all of it is older than what is kept.
        while self.blocks.front().is_some_and(|last| *last <= oldest) {
            if let Some(last) = self.blocks.pop_front() {
                // A block that cannot be read for removing its pieces leaves them behind, which harms nobody.
                if records.take_away(keys::journal(last)).is_err() {
                    tracing::warn!(last, "a block of the journal could not be removed");
                }
            }
        }
    }
}

fn write_one(bytes: &mut Vec<u8>, change: &Change) {
    let place = Status::ALL.iter().position(|status| *status == change.status).unwrap_or_default();
    bytes.push(u8::try_from(place).unwrap_or_default());
    bytes.extend_from_slice(&change.at.0.to_be_bytes());
    bytes.extend_from_slice(change.job.0.as_bytes());
    let name = change.organisation.as_str();
    // Names have at most 128 bytes.
    bytes.push(u8::try_from(name.len()).unwrap_or_default());
    bytes.extend_from_slice(name.as_bytes());
}

fn read_one(bytes: &[u8], position: u64) -> Option<(Change, &[u8])> {
    let (status, bytes) = bytes.split_first()?;
    let (at, bytes) = bytes.split_first_chunk::<8>()?;
    let (job, bytes) = bytes.split_first_chunk::<16>()?;
    let (length, bytes) = bytes.split_first()?;
    let (name, bytes) = bytes.split_at_checked(usize::from(*length))?;
    let change = Change {
        position,
        organisation: Organisation::new(std::str::from_utf8(name).ok()?).ok()?,
        job: JobId(Uuid::from_bytes(*job)),
        status: *Status::ALL.get(usize::from(*status))?,
        at: Timestamp(i64::from_be_bytes(*at)),
    };
    Some((change, bytes))
}

/// Reads one block.
fn read_block(bytes: &[u8], last: u64) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (change, after) = read_one(rest, 0)?;
        changes.push(change);
        rest = after;
    }
    let first = last.checked_add(1)?.checked_sub(changes.len() as u64)?;
    for (position, change) in (first..).zip(&mut changes) {
        change.position = position;
    }
    Some(changes)
}

/// Reads one block as it lies in the tree.
pub(super) fn read(from: &impl Find, key: &[u8], head: sled::IVec) -> Result<Vec<Change>> {
    let damaged = || StoreError::Damaged { what: "a block of the journal".to_owned() };
    let last = keys::of_journal(key).ok_or_else(damaged)?;
    match envelope::open(from, key, head)? {
        Value::Here(bytes) => read_block(&bytes, last).ok_or_else(damaged),
        Value::Elsewhere(_) => Err(damaged()),
    }
}

/// Changes after a position, oldest first, and the keys of blocks that could not be read and are left out.
pub(super) fn after(tree: &sled::Tree, position: u64, most: usize) -> Result<(Vec<Change>, Vec<Vec<u8>>)> {
    let mut changes = Vec::new();
    let mut damaged = Vec::new();
    let from = keys::journal(position.saturating_add(1));
    for entry in tree.range(from..=keys::journal(u64::MAX)) {
        if changes.len() >= most {
            break;
        }
        let (key, head) = entry.map_err(|error| super::broken("read the journal", error))?;
        match read(tree, &key, head) {
            Ok(block) => changes.extend(block.into_iter().filter(|change| change.position > position)),
            Err(StoreError::Damaged { .. }) => damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    changes.truncate(most);
    Ok((changes, damaged))
}
