//! How a job lies in the tree: the job as last written whole, with its small contents, and the starts since then. It lies
//! among the live ones until it ends, and then among those that ended.
//!
//! A claim writes only such a start, a record of a few dozen bytes. Since the state machine is a function, letting the
//! starts happen again gives the job as it is.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{JobId, Lease, Organisation, TaskName};
use analyte_core::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use sled::IVec;

use super::envelope::{self, Find};
use super::keys::{self, Class};
use super::within;
use super::work::{Place, Work};
use crate::{Result, StoreError};

/// A task was given to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) task: TaskName,
    pub(super) lease: Lease,
    pub(super) at: Timestamp,
}

/// A job's record as it lies there, not decoded yet.
#[derive(Debug)]
pub(super) struct Raw {
    job: envelope::Bytes,
    starts: Option<envelope::Bytes>,
}

/// Finds a job's record as it lies there, and its key.
pub(super) fn find(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<(Vec<u8>, IVec)>> {
    // Which of those that ended does not matter.
    for class in [Class::Live, Class::Completed] {
        let key = keys::job(organisation, class, id);
        if let Some(value) = from.find(&key)? {
            return Ok(Some((key, value)));
        }
    }
    Ok(None)
}

/// Finds a job's record.
pub(super) fn fetch(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Raw>> {
    let Some((key, value)) = find(from, organisation, id)? else { return Ok(None) };
    let job = envelope::open_here(from, &key, value)?;
    let live = key.first() == Some(&keys::LIVE);
    let starts = if live { envelope::read_here(from, &keys::starts(organisation, id))? } else { None };
    Ok(Some(Raw { job, starts }))
}

/// Finds a content within a job's record; `None`: it is not there.
pub(super) fn content(
    from: &impl Find,
    organisation: &Organisation,
    id: JobId,
    digest: Digest,
) -> Result<Option<bytes::Bytes>> {
    let Some((_, value)) = find(from, organisation, id)? else { return Ok(None) };
    match within::all(&value).find(|small| small.digest == digest) {
        None => Ok(None),
        Some(small) if small.whole() => Ok(Some(small.owned().bytes)),
        Some(_) => Err(StoreError::Damaged { what: format!("the content {digest}") }),
    }
}

impl Raw {
    /// The job as it is.
    pub(super) fn decode(&self, organisation: &Organisation, id: JobId) -> Result<Job> {
        let mut job: Job = envelope::parse(&[keys::LIVE], &self.job)?;
        if job.id != id || job.organisation != *organisation {
            return Err(StoreError::Damaged { what: format!("the record of job {id}") });
        }
        if let (Some(starts), false) = (&self.starts, job.status.ended()) {
            replay(&mut job, envelope::parse(&keys::starts(organisation, id), starts)?)?;
        }
        Ok(job)
    }
}

/// Reads a job as it is.
pub(super) fn read(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Job>> {
    fetch(from, organisation, id)?.map(|raw| raw.decode(organisation, id)).transpose()
}

/// The job as last written whole.
pub(super) fn read_whole(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Job>> {
    let Some((key, value)) = find(from, organisation, id)? else { return Ok(None) };
    let job = envelope::open_here(from, &key, value)?;
    Raw { job, starts: None }.decode(organisation, id).map(Some)
}

pub(super) fn read_starts(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Vec<Start>> {
    let key = keys::starts(organisation, id);
    match envelope::read_here(from, &key)? {
        Some(bytes) => envelope::parse(&key, &bytes),
        None => Ok(Vec::new()),
    }
}

pub(super) fn replay(job: &mut Job, starts: Vec<Start>) -> Result<()> {
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
                let left = self.mend_job(place, &what)?.map(Arc::new);
                match &left {
                    Some(job) => self.keep_warm(place.clone(), job),
                    None => self.quarantine_job(place, &what)?,
                }
                Ok(left)
            }
            Err(error) => Err(error),
        }
    }
}
