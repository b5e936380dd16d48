//! Keeps what runs tell: progress and log lines, in blocks beside the job.
//!
//! A block is what one run told in one call. Its key ends with the id of its last event; those of the others go down from
//! there. A job keeps so many bytes of blocks; the oldest go first. Ids rise and are never used twice, also not those of
//! blocks that were dropped or put aside.

use std::collections::VecDeque;

use analyte_core::job::event::{EventId, TOLD_PER_REVISION, Telling, Told};
use analyte_core::names::{Attempt, RunKey, TaskName};
use serde::{Deserialize, Serialize};

use super::records::Records;
use super::work::{Place, Work};
use super::{envelope, keys};
use crate::Result;

/// Most bytes of blocks of one job.
pub(super) const KEPT_BYTES: usize = 1 << 20;
/// A block ends when it has about so many bytes.
const BLOCK_BYTES: usize = 32 << 10;
/// About what an event takes beside its text.
const EVENT_BYTES: usize = 64;

/// What a run told in one call, or a part of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) task: TaskName,
    pub(super) attempt: Attempt,
    pub(super) told: Vec<Told>,
}

/// Which blocks a job has.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// The last id that was given.
    last: EventId,
    /// Oldest first: the id at the end of the key, and the bytes.
    kept: VecDeque<(EventId, usize)>,
    /// Sum of these.
    bytes: usize,
}

impl Blocks {
    /// As the records have them.
    fn find(records: &Records, place: &Place) -> Result<Self> {
        let prefix = keys::told_by(&place.0, place.1);
        let mut blocks = Self::default();
        for (key, head) in records.under(&prefix)? {
            let Some(last) = keys::of_told(&key) else { continue };
            blocks.push(last, envelope::length(&head));
        }
        for aside in records.under(&keys::quarantine(&prefix))?.keys() {
            blocks.last = blocks.last.max(keys::of_told(aside).unwrap_or_default());
        }
        Ok(blocks)
    }

    fn push(&mut self, last: EventId, bytes: usize) {
        self.last = self.last.max(last);
        self.kept.push_back((last, bytes));
        self.bytes += bytes;
    }

    /// The number of the next event of this revision.
    fn next(&self, revision: u64) -> u64 {
        self.last.0.saturating_sub(EventId::of_revision(revision).0) + 1
    }
}

fn about(told: &Told) -> usize {
    EVENT_BYTES
        + match &told.what {
            Telling::Progress(progress) => progress.message.len(),
            Telling::Log { message, .. } => message.len(),
        }
}

/// Cuts what was told where a block would grow too long.
fn parts(told: Vec<Told>) -> Vec<Vec<Told>> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut bytes = 0;
    for told in told {
        bytes += about(&told);
        if bytes > BLOCK_BYTES && !part.is_empty() {
            bytes = about(&told);
            parts.push(std::mem::take(&mut part));
        }
        part.push(told);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// One answer each, in order.
pub(super) fn tell(work: &mut Work, told: Vec<(RunKey, Vec<Told>)>) -> Result<Vec<bool>> {
    told.into_iter().map(|(run, told)| work.tell(&run, told)).collect()
}

impl Work {
    /// Keeps what a run told; `false`: it is not current, and nothing was kept.
    pub(super) fn tell(&mut self, run: &RunKey, told: Vec<Told>) -> Result<bool> {
        if !self.is_current(run) {
            return Ok(false);
        }
        let place = (run.key.organisation.clone(), run.key.job);
        let Some(job) = self.load(&place)? else { return Ok(false) };
        if told.is_empty() {
            return Ok(true);
        }
        let mut blocks = match self.told.remove(&place) {
            Some(blocks) => blocks,
            None => Blocks::find(&self.records, &place)?,
        };
        for part in parts(told) {
            self.keep_told(&place, &mut blocks, job.revision, run, part)?;
        }
        self.touched.push(place.clone());
        self.told.insert(place, blocks);
        Ok(true)
    }

    fn keep_told(
        &mut self,
        place: &Place,
        blocks: &mut Blocks,
        revision: u64,
        run: &RunKey,
        mut told: Vec<Told>,
    ) -> Result<()> {
        let next = blocks.next(revision);
        let free = (TOLD_PER_REVISION + 1).saturating_sub(next);
        told.truncate(usize::try_from(free).unwrap_or(usize::MAX));
        let Some(last) = (told.len() as u64).checked_sub(1).and_then(|more| EventId::of_told(revision, next + more))
        else {
            tracing::warn!(job = %place.1, "a run told more than is counted: the rest is not kept");
            return Ok(());
        };
        let block = Block { task: run.key.task.clone(), attempt: run.attempt, told };
        let entries = envelope::entries(keys::told(&place.0, place.1, last), &envelope::json(&block)?);
        let bytes = entries.first().map_or(0, |(_, head)| envelope::length(head));
        if bytes > KEPT_BYTES {
            tracing::warn!(job = %place.1, bytes, "a run told something longer than all that is kept of a job");
            return Ok(());
        }
        self.records.insert(entries);
        blocks.push(last, bytes);
        while blocks.bytes > KEPT_BYTES {
            let Some((oldest, bytes)) = blocks.kept.pop_front() else { break };
            blocks.bytes = blocks.bytes.saturating_sub(bytes);
            self.records.take_away(keys::told(&place.0, place.1, oldest))?;
        }
        Ok(())
    }
}
