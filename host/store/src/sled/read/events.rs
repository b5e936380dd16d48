//! What happened to a job, and what its runs reported, as one list in order.
//!
//! Reads beside the committer. A block of what was reported that is damaged is left out, and named to the caller.

use analyte_core::job::Job;
use analyte_core::job::event::{EventId, JobEvent};
use analyte_core::names::{JobId, Organisation};

use crate::sled::disk::errors::broken;
use crate::sled::format::run_event_block::read_block;
use crate::sled::format::{job_record, keys};
use crate::{Events, Result, StoreError};

/// Events of a job, and the keys of blocks that could not be read.
pub(crate) type Found = (Option<Events>, Vec<Vec<u8>>);

/// Those after one of them.
pub(crate) fn after(
    tree: &sled::Tree,
    organisation: &Organisation,
    id: JobId,
    after: EventId,
    most: usize,
) -> Result<Found> {
    let Some(job) = job_record::read(tree, organisation, id)? else { return Ok((None, Vec::new())) };
    let (mut events, damaged) = reported(tree, &job, after, most.saturating_add(1))?;
    events.extend(job.events_after(after));
    events.sort_by_key(|event| event.id);
    let complete = events.len() <= most;
    events.truncate(most);
    Ok((Some(Events { events, complete, ended: job.status.ended() }), damaged))
}

/// What its runs reported, at most about `most` events.
fn reported(tree: &sled::Tree, job: &Job, after: EventId, most: usize) -> Result<(Vec<JobEvent>, Vec<Vec<u8>>)> {
    let mut events = Vec::new();
    let mut damaged = Vec::new();
    let key = |last| keys::run_events(&job.organisation, job.id, last);
    for entry in tree.range(key(EventId(after.0.saturating_add(1)))..=key(EventId(u64::MAX))) {
        if events.len() >= most {
            break;
        }
        let (key, head) = entry.map_err(|error| broken("read what a run reported", error))?;
        match read_block(tree, &key, head) {
            Ok(block) => events.extend(block.into_iter().filter(|event| event.id > after)),
            Err(StoreError::Damaged { .. }) => damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    Ok((events, damaged))
}
