//! Keeps what schedules fire: a fire time is settled, its job is kept and the history has an entry more, in one step.

use std::sync::Arc;

use analyte_core::job::{Content, Job};
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Firing, Step};
use analyte_core::timestamp::Timestamp;

use crate::jobs::named_contents;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::inline_contents::Small;
use crate::sled::format::keys;
use crate::sled::format::references::{self, Owner};
use crate::sled::format::schedule_record::{self, StateRecord, content_here};
use crate::sled::operations::schedules::write_state;
use crate::sled::operations::submit;
use crate::sled::state::State;
use crate::{Fired, FiredJob, NewFiring, Result, StoreError};

/// Most entries of a history that one firing removes; more than one only where fewer are kept than before.
const REMOVED: u64 = 8;

/// A firing with all that can be made ready before it is the committer's turn.
pub(crate) struct Prepared {
    organisation: Organisation,
    schedule: ScheduleId,
    revision: u64,
    step: Step,
    job: Option<PreparedJob>,
    keep: u64,
}

struct PreparedJob {
    job: Arc<Job>,
    /// Its record, its indexes, and contents that are kept in the tree.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    /// Those that are blobs.
    blobs: Vec<Content>,
    queue_cap: u64,
}

/// Reads the contents that jobs take from their templates. One whose contents are gone keeps none of them, and is answered
/// by the step, which finds the schedule gone or changed.
pub(crate) fn prepare(tree: &sled::Tree, firings: &[NewFiring]) -> Result<Vec<Prepared>> {
    firings.iter().map(|firing| prepare_one(tree, firing)).collect()
}

fn prepare_one(tree: &sled::Tree, firing: &NewFiring) -> Result<Prepared> {
    let NewFiring { organisation, schedule, revision, step, job, keep } = firing;
    let job = match job {
        Some(job) => Some(prepare_job(tree, *schedule, job)?),
        None => None,
    };
    let (organisation, step) = (organisation.clone(), step.clone());
    Ok(Prepared { organisation, schedule: *schedule, revision: *revision, step, job, keep: *keep })
}

fn prepare_job(tree: &sled::Tree, schedule: ScheduleId, fired: &FiredJob) -> Result<PreparedJob> {
    let FiredJob { job, queue_cap } = fired;
    let (mut here, mut blobs) = (Vec::new(), Vec::new());
    for digest in named_contents(job) {
        let reference = references::reference(digest, &Owner::Schedule(&job.organisation, schedule));
        if let Some(bytes) = content_here(tree, &job.organisation, schedule, digest)? {
            here.push(Small::new(digest, bytes));
        } else if let Some(length) = tree.find(&reference)? {
            blobs.push(Content { digest, bytes: references::length_in(&reference, &length)? });
        }
    }
    let entries = submit::entries(job, here)?;
    Ok(PreparedJob { job: Arc::new(job.clone()), entries, blobs, queue_cap: *queue_cap })
}

/// One answer each, in order.
pub(crate) fn fire(state: &mut State, firings: Vec<Prepared>, now: Timestamp) -> Result<Vec<Fired>> {
    firings.into_iter().map(|firing| fire_one(state, firing, now)).collect()
}

fn fire_one(state: &mut State, new: Prepared, now: Timestamp) -> Result<Fired> {
    let Prepared { organisation, schedule: id, revision, step, job, keep } = new;
    let mut record = match schedule_record::find_state(&state.records, &organisation, id) {
        Ok(Some(record)) => record,
        Ok(None) => return Ok(Fired::NotFound),
        Err(StoreError::Damaged { .. }) => {
            state.quarantine_record_if_damaged(&keys::schedule_state(&organisation, id))?;
            return Ok(Fired::NotFound);
        }
        Err(error) => return Err(error),
    };
    if record.revision != revision {
        return Ok(Fired::Changed);
    }
    let firing = match record.state.take(step, now) {
        Ok(firing) => firing,
        Err(refusal) => return Ok(Fired::Refused(refusal)),
    };
    if let Some(PreparedJob { job, entries, blobs, queue_cap }) = job {
        let queued = state.counts.of(&organisation).queued;
        if queued >= queue_cap {
            return Ok(Fired::QueueFull { queued });
        }
        state.records.insert(entries);
        for content in &blobs {
            state.references.add(&mut state.records, content, &Owner::Job(&organisation, job.id))?;
        }
        state.enter(&job);
        state.note(&job, None, now)?;
        state.journal.push(&job, now);
    }
    state.touched_schedules.push(organisation.clone());
    write_state(state, &organisation, id, &record)?;
    write_firing(state, &organisation, id, &record, &firing, keep)?;
    Ok(Fired::Kept(firing))
}

/// Writes an entry of the history, and removes those that are too many.
fn write_firing(
    state: &mut State,
    organisation: &Organisation,
    id: ScheduleId,
    record: &StateRecord,
    firing: &Firing,
    keep: u64,
) -> Result<()> {
    state.records.put(keys::firing(organisation, id, firing.number), &envelope::json(firing)?)?;
    let last = record.state.firings.saturating_sub(keep.max(1));
    for number in (last.saturating_sub(REMOVED) + 1..=last).rev() {
        let key = keys::firing(organisation, id, number);
        if state.records.find(&key)?.is_none() {
            break;
        }
        state.records.take_away(key)?;
    }
    Ok(())
}
