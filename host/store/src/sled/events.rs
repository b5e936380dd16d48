//! What happened to a job, and what its runs told, as one list in order.
//!
//! Reads beside the committer. A block of what was told that is damaged is left out, and named to the caller.

use analyte_core::job::Job;
use analyte_core::job::event::{EventId, Happened, JobEvent};
use analyte_core::names::{JobId, Organisation};

use super::tell::Block;
use super::{broken, envelope, job_record, keys};
use crate::{Events, Result, StoreError};

/// Events of a job, and the keys of blocks that could not be read.
pub(super) type Found = (Option<Events>, Vec<Vec<u8>>);

/// Those after one of them.
pub(super) fn after(
    tree: &sled::Tree,
    organisation: &Organisation,
    id: JobId,
    after: EventId,
    most: usize,
) -> Result<Found> {
    let Some(job) = job_record::read(tree, organisation, id)? else { return Ok((None, Vec::new())) };
    let (mut events, damaged) = told(tree, &job, after, most.saturating_add(1))?;
    events.extend(job.events_after(after));
    events.sort_by_key(|event| event.id);
    let complete = events.len() <= most;
    events.truncate(most);
    Ok((Some(Events { events, complete, ended: job.status.ended() }), damaged))
}

/// What its runs told, about so many at most.
fn told(tree: &sled::Tree, job: &Job, after: EventId, most: usize) -> Result<(Vec<JobEvent>, Vec<Vec<u8>>)> {
    let mut events = Vec::new();
    let mut damaged = Vec::new();
    let key = |last| keys::told(&job.organisation, job.id, last);
    for entry in tree.range(key(EventId(after.0.saturating_add(1)))..=key(EventId(u64::MAX))) {
        if events.len() >= most {
            break;
        }
        let (key, head) = entry.map_err(|error| broken("read what was told", error))?;
        match read_block(tree, &key, head) {
            Ok(block) => events.extend(block.into_iter().filter(|event| event.id > after)),
            Err(StoreError::Damaged { .. }) => damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    Ok((events, damaged))
}

/// The events of one block, oldest first.
pub(super) fn read_block(from: &impl envelope::Find, key: &[u8], head: sled::IVec) -> Result<Vec<JobEvent>> {
    let damaged = || StoreError::Damaged { what: "a block of what was told".to_owned() };
    let envelope::Value::Here(bytes) = envelope::open(from, key, head)? else { return Err(damaged()) };
    let Block { task, attempt, told } = envelope::parse(key, &bytes)?;
    let last = keys::of_told(key).ok_or_else(damaged)?;
    let first = last.0.checked_add(1).and_then(|end| end.checked_sub(told.len() as u64)).ok_or_else(damaged)?;
    let event = |(id, told): (u64, analyte_core::job::event::Told)| JobEvent {
        id: EventId(id),
        at: told.at,
        what: Happened::Told { task: task.clone(), attempt, what: told.what },
    };
    Ok((first..).zip(told).map(event).collect())
}
