//! How a job lies in the tree: the job as last written whole, with its small contents, and what happened since then. It
//! lies among the live ones until it ends, and then among those that ended.
//!
//! Of a job of one task, which is written whole when that ends, these are starts: a claim writes only such a start, a record
//! of a few dozen bytes. Since the state machine is a function, letting the starts happen again gives the job as it is.
//!
//! Of a job of several tasks these are steps, each with what one change changed, so that a change costs the same however many
//! tasks there are. When there are as many steps as tasks the job is written whole.

use analyte_core::digest::Digest;
use analyte_core::job::transition::{Event, apply};
use analyte_core::job::{Job, JobChange};
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

/// What happened to a live job since it was last written whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Since {
    /// These tasks were started.
    Starts(Vec<Start>),
    /// As many steps as this, numbered from 0.
    Steps {
        /// How many.
        steps: u32,
    },
}

impl Default for Since {
    fn default() -> Self {
        Self::Starts(Vec::new())
    }
}

/// A job's record as it lies there, not decoded yet.
#[derive(Debug)]
pub(crate) struct Raw {
    job: envelope::Bytes,
    since: Since,
    steps: Vec<envelope::Bytes>,
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
    let since = if live { read_since(from, organisation, id)? } else { Since::default() };
    let count = if let Since::Steps { steps } = since { steps } else { 0 };
    let steps = (0..count).map(|number| read_step(from, organisation, id, number)).collect::<Result<_>>()?;
    Ok(Some(Raw { job, since, steps }))
}

/// The bytes of one step.
fn read_step(from: &impl Find, organisation: &Organisation, id: JobId, number: u32) -> Result<envelope::Bytes> {
    let step = envelope::read_here(from, &keys::step(organisation, id, number))?;
    step.ok_or_else(|| StoreError::Damaged { what: format!("the record of job {id}") })
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
        if !job.status.ended() {
            if let Since::Starts(starts) = &self.since {
                replay(&mut job, starts.clone())?;
            }
            for (number, step) in (0..).zip(&self.steps) {
                take_step(&mut job, &keys::step(organisation, id, number), step)?;
            }
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
    Raw { job, since: Since::default(), steps: Vec::new() }.decode(organisation, id).map(Some)
}

/// The job as last written whole, and then as far as its steps can be read: for one of which the rest is damaged.
pub(crate) fn read_as_far_as_possible(
    from: &impl Find,
    organisation: &Organisation,
    id: JobId,
) -> Result<Option<(Job, u32)>> {
    let Some(mut job) = read_whole(from, organisation, id)? else { return Ok(None) };
    for number in 0_u32.. {
        let step = match read_step(from, organisation, id, number) {
            Ok(step) => step,
            Err(StoreError::Damaged { .. }) => return Ok(Some((job, number))),
            Err(error) => return Err(error),
        };
        let mut next = job.clone();
        if take_step(&mut next, &keys::step(organisation, id, number), &step).is_err() {
            return Ok(Some((job, number)));
        }
        job = next;
    }
    Ok(Some((job, u32::MAX)))
}

fn take_step(job: &mut Job, key: &[u8], step: &[u8]) -> Result<()> {
    let change: JobChange = envelope::parse(key, step)?;
    if change.apply(job) { Ok(()) } else { Err(StoreError::Damaged { what: format!("a step of job {}", job.id) }) }
}

/// What happened to a live job since it was last written whole.
pub(crate) fn read_since(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Since> {
    let key = keys::starts(organisation, id);
    match envelope::read_here(from, &key)? {
        Some(bytes) => envelope::parse(&key, &bytes),
        None => Ok(Since::default()),
    }
}

pub(crate) fn replay(job: &mut Job, starts: Vec<Start>) -> Result<()> {
    for Start { task, lease, at } in starts {
        apply(job, Event::Start { task, lease }, at)
            .map_err(|_| StoreError::Damaged { what: format!("the record of job {}", job.id) })?;
    }
    Ok(())
}
