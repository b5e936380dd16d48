//! How a job lies in the tree: the job as last written whole, with its small contents, and the starts since then. It
//! lies among the live ones until it ends, and then among those that ended.
//!
//! A claim writes only such a start, a record of a few dozen bytes. Since the state machine is a function, letting the
//! starts happen again gives the job as it is.

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{JobId, Lease, Organisation, TaskName};
use analyte_core::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use sled::IVec;

use crate::sled::format::envelope::{self, Find};
use crate::sled::format::inline_contents;
use crate::sled::format::keys::{self, Class};
use crate::{Result, StoreError};

/// A task was given to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) task: TaskName,
    pub(crate) lease: Lease,
    pub(crate) at: Timestamp,
}

/// A job's record as it lies there, not decoded yet.
#[derive(Debug)]
pub(crate) struct Raw {
    job: envelope::Bytes,
    starts: Option<envelope::Bytes>,
}

/// Finds a job's record as it lies there, and its key.
pub(crate) fn find(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<(Vec<u8>, IVec)>> {
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
pub(crate) fn fetch(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Raw>> {
    let Some((key, value)) = find(from, organisation, id)? else { return Ok(None) };
    let job = envelope::open_here(from, &key, value)?;
    let live = key.first() == Some(&keys::LIVE);
    let starts = if live { envelope::read_here(from, &keys::starts(organisation, id))? } else { None };
    Ok(Some(Raw { job, starts }))
}

/// Finds a content within a job's record; `None`: it is not there.
pub(crate) fn content(
    from: &impl Find,
    organisation: &Organisation,
    id: JobId,
    digest: Digest,
) -> Result<Option<bytes::Bytes>> {
    let Some((_, value)) = find(from, organisation, id)? else { return Ok(None) };
    match inline_contents::all(&value).find(|small| small.digest == digest) {
        None => Ok(None),
        Some(small) if small.whole() => Ok(Some(small.owned().bytes)),
        Some(_) => Err(StoreError::Damaged { what: format!("the content {digest}") }),
    }
}

impl Raw {
    /// The job as it is.
    pub(crate) fn decode(&self, organisation: &Organisation, id: JobId) -> Result<Job> {
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
pub(crate) fn read(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Job>> {
    fetch(from, organisation, id)?.map(|raw| raw.decode(organisation, id)).transpose()
}

/// The job as last written whole.
pub(crate) fn read_whole(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Job>> {
    let Some((key, value)) = find(from, organisation, id)? else { return Ok(None) };
    let job = envelope::open_here(from, &key, value)?;
    Raw { job, starts: None }.decode(organisation, id).map(Some)
}

pub(crate) fn read_starts(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Vec<Start>> {
    let key = keys::starts(organisation, id);
    match envelope::read_here(from, &key)? {
        Some(bytes) => envelope::parse(&key, &bytes),
        None => Ok(Vec::new()),
    }
}

pub(crate) fn replay(job: &mut Job, starts: Vec<Start>) -> Result<()> {
    for Start { task, lease, at } in starts {
        apply(job, Event::Start { task, lease }, at)
            .map_err(|_| StoreError::Damaged { what: format!("the record of job {}", job.id) })?;
    }
    Ok(())
}
