//! Keeps what runs report: progress and log lines, in blocks beside the job.
//!
//! A block is what one run reported in one call. Its key ends with the id of its last event; those of the others go
//! down from there. A job keeps a bounded number of bytes of blocks; the oldest go first. Ids rise and are never used
//! twice, also not those of blocks that were dropped or put aside.

use analyte_core::job::event::{EventId, RUN_EVENTS_PER_REVISION, Reported, RunEvent};
use analyte_core::names::RunKey;

use crate::Result;
use crate::sled::format::envelope;
use crate::sled::format::keys::{self, Place};
use crate::sled::format::run_event_block::Block;
use crate::sled::state::State;
use crate::sled::state::run_event_blocks::RunEventBlocks;

/// Most bytes of blocks of one job.
pub(crate) const KEPT_BYTES: usize = 1 << 20;
/// A block ends when it has about this many bytes.
const BLOCK_BYTES: usize = 32 << 10;
/// About what an event takes beside its text.
const EVENT_BYTES: usize = 64;

fn about(event: &RunEvent) -> usize {
    EVENT_BYTES
        + match &event.what {
            Reported::Progress(progress) => progress.message.len(),
            Reported::Log { message, .. } => message.len(),
        }
}

/// Cuts what was reported where a block would grow too long.
fn parts(events: Vec<RunEvent>) -> Vec<Vec<RunEvent>> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut bytes = 0;
    for event in events {
        bytes += about(&event);
        if bytes > BLOCK_BYTES && !part.is_empty() {
            bytes = about(&event);
            parts.push(std::mem::take(&mut part));
        }
        part.push(event);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// One answer each, in order.
pub(crate) fn keep_run_events(state: &mut State, reported: Vec<(RunKey, Vec<RunEvent>)>) -> Result<Vec<bool>> {
    reported.into_iter().map(|(run, events)| state.keep_run_events(&run, events)).collect()
}

impl State {
    /// Keeps what a run reported; `false`: it is not current, and nothing was kept.
    pub(crate) fn keep_run_events(&mut self, run: &RunKey, events: Vec<RunEvent>) -> Result<bool> {
        if !self.is_current(run) {
            return Ok(false);
        }
        let place = (run.key.organisation.clone(), run.key.job);
        let Some(job) = self.load(&place)? else { return Ok(false) };
        if events.is_empty() {
            return Ok(true);
        }
        let mut blocks = match self.run_events.remove(&place) {
            Some(blocks) => blocks,
            None => RunEventBlocks::find(&self.records, &place)?,
        };
        for part in parts(events) {
            self.keep_block(&place, &mut blocks, job.revision, run, part)?;
        }
        self.touched.push(place.clone());
        self.run_events.insert(place, blocks);
        Ok(true)
    }

    fn keep_block(
        &mut self,
        place: &Place,
        blocks: &mut RunEventBlocks,
        revision: u64,
        run: &RunKey,
        mut events: Vec<RunEvent>,
    ) -> Result<()> {
        let next = blocks.next(revision);
        let free = (RUN_EVENTS_PER_REVISION + 1).saturating_sub(next);
        events.truncate(usize::try_from(free).unwrap_or(usize::MAX));
        let Some(last) =
            (events.len() as u64).checked_sub(1).and_then(|more| EventId::of_run_event(revision, next + more))
        else {
            tracing::warn!(job = %place.1, "a run reported more than is counted: the rest is not kept");
            return Ok(());
        };
        let block = Block { task: run.key.task.clone(), attempt: run.attempt, events };
        let entries = envelope::entries(keys::run_events(&place.0, place.1, last), &envelope::json(&block)?);
        let bytes = entries.first().map_or(0, |(_, head)| envelope::length(head));
        if bytes > KEPT_BYTES {
            tracing::warn!(job = %place.1, bytes, "a run reported something longer than all that is kept of a job");
            return Ok(());
        }
        self.records.insert(entries);
        blocks.push(last, bytes);
        while blocks.bytes > KEPT_BYTES {
            let Some((oldest, bytes)) = blocks.kept.pop_front() else { break };
            blocks.bytes = blocks.bytes.saturating_sub(bytes);
            self.records.take_away(keys::run_events(&place.0, place.1, oldest))?;
        }
        Ok(())
    }
}
