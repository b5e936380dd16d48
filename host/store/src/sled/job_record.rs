//! How a job lies in the tree: the job as last written whole, and the starts since then.
//!
//! A claim writes only such a start, a record of a few dozen bytes. Since the state machine is a function, letting the
//! starts happen again gives the job as it is.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{JobId, Lease, Organisation, TaskName};
use analyte_core::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use super::envelope::{self, Find};
use super::keys;
use super::work::{Place, Work};
use crate::{Result, StoreError};

/// A task was given to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) task: TaskName,
    pub(super) lease: Lease,
    pub(super) at: Timestamp,
}

/// Reads a job as it is.
pub(super) fn read(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Job>> {
    let key = keys::job(organisation, id);
    let Some(bytes) = envelope::read_here(from, &key)? else { return Ok(None) };
    let mut job: Job = envelope::parse(&key, &bytes)?;
    if job.id != id || job.organisation != *organisation {
        return Err(StoreError::Damaged { what: format!("the record of job {id}") });
    }
    if !job.status.ended() {
        replay(&mut job, read_starts(from, organisation, id)?)?;
    }
    Ok(Some(job))
}

pub(super) fn read_starts(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Vec<Start>> {
    let key = keys::starts(organisation, id);
    match envelope::read_here(from, &key)? {
        Some(bytes) => envelope::parse(&key, &bytes),
        None => Ok(Vec::new()),
    }
}

fn replay(job: &mut Job, starts: Vec<Start>) -> Result<()> {
    for Start { task, lease, at } in starts {
        apply(job, Event::Start { task, lease }, at)
            .map_err(|_| StoreError::Damaged { what: format!("the record of job {}", job.id) })?;
    }
    Ok(())
}

impl Work {
    /// A job as it is now. One that cannot be read is put aside and missing from then on.
    pub(super) fn load(&mut self, place: &Place) -> Result<Option<Arc<Job>>> {
        if let Some(job) = self.warm(place) {
            return Ok(Some(Arc::clone(job)));
        }
        match read(&self.records, &place.0, place.1) {
            Ok(None) => Ok(None),
            Ok(Some(job)) => {
                let job = Arc::new(job);
                self.keep_warm(place.clone(), &job);
                Ok(Some(job))
            }
            Err(StoreError::Damaged { what }) => {
                self.quarantine_job(place, &what)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
