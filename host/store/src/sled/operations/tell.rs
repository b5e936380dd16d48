//! Keeps what runs tell: progress and log lines, in blocks beside the job.
//!
//! A block is what one run reported in one call. Its key ends with the id of its last event; those of the others go
//! down from there. A job keeps a bounded number of bytes of blocks; the oldest go first. Ids rise and are never used
//! twice, also not those of blocks that were dropped or put aside.

use analyte_core::job::event::{EventId, TOLD_PER_REVISION, Telling, Told};
use analyte_core::names::RunKey;

use crate::Result;
use crate::sled::format::envelope;
use crate::sled::format::keys::{self, Place};
use crate::sled::format::told_block::Block;
use crate::sled::state::State;
use crate::sled::state::told_blocks::ToldBlocks;

/// Most bytes of blocks of one job.
pub(crate) const KEPT_BYTES: usize = 1 << 20;
/// A block ends when it has about this many bytes.
const BLOCK_BYTES: usize = 32 << 10;
/// About what an event takes beside its text.
const EVENT_BYTES: usize = 64;

fn about(told: &Told) -> usize {
    EVENT_BYTES
        + match &told.what {
            Telling::Progress(progress) => progress.message.len(),
            Telling::Log { message, .. } => message.len(),
        }
}

/// Cuts what was reported where a block would grow too long.
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
pub(crate) fn tell(state: &mut State, told: Vec<(RunKey, Vec<Told>)>) -> Result<Vec<bool>> {
    told.into_iter().map(|(run, told)| state.tell(&run, told)).collect()
}

impl State {
    /// Keeps what a run reported; `false`: it is not current, and nothing was kept.
    pub(crate) fn tell(&mut self, run: &RunKey, told: Vec<Told>) -> Result<bool> {
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
            None => ToldBlocks::find(&self.records, &place)?,
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
        blocks: &mut ToldBlocks,
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
