//! Keeps new jobs.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::timestamp::Timestamp;

use super::blobs::Blobs;
use super::envelope::{self, Find};
use super::keys;
use super::save;
use super::work::Work;
use crate::{Idempotency, NewJob, Result, Staged, StoreError, Submitted};

/// A job with all that can be made ready before it is the committer's turn.
pub(super) struct Prepared {
    job: Arc<Job>,
    record: Vec<u8>,
    contents: Vec<Staged>,
    idempotency: Option<Idempotency>,
    queue_cap: u64,
}

/// Writes large contents, and says of a content that is named and not given that it is missing.
pub(super) async fn prepare(blobs: &Arc<Blobs>, new: NewJob) -> Result<Prepared> {
    let NewJob { job, contents, idempotency, queue_cap } = new;
    let mut staged = HashMap::new();
    for content in contents {
        let content = blobs.stage(content).await?;
        staged.insert(content.content.digest, content);
    }
    let mut needed = Vec::with_capacity(staged.len());
    for digest in save::contents(&job) {
        needed.push(staged.remove(&digest).ok_or_else(|| StoreError::Missing(digest.to_string()))?);
    }
    let record = envelope::json(&job)?;
    Ok(Prepared { job: Arc::new(job), record, contents: needed, idempotency, queue_cap })
}

/// One answer each, in order.
pub(super) fn submit(work: &mut Work, jobs: Vec<Prepared>, now: Timestamp) -> Result<Vec<Submitted>> {
    jobs.into_iter().map(|job| submit_one(work, job, now)).collect()
}

fn submit_one(work: &mut Work, new: Prepared, now: Timestamp) -> Result<Submitted> {
    let Prepared { job, record, contents, idempotency, queue_cap } = new;
    let place = (job.organisation.clone(), job.id);
    // A job that could not be read is no reason to refuse a new one.
    if let Some(Idempotency { key, request }) = &idempotency
        && let Some((before, id)) = work.find_key(&keys::idempotency(&place.0, key))?
        && let Some(job) = work.load(&(place.0.clone(), id))?
    {
        return Ok(if before == *request { Submitted::Replayed(job) } else { Submitted::Mismatch });
    }
    let record_key = keys::job(&place.0, place.1);
    // The same id again can only be the same submission.
    if work.records.find(&record_key)?.is_some()
        && let Some(job) = work.load(&place)?
    {
        return Ok(Submitted::Replayed(job));
    }
    let queued = work.counts.of(&place.0).queued;
    if queued >= queue_cap {
        return Ok(Submitted::QueueFull { queued });
    }
    work.records.insert(envelope::entries(record_key, &record));
    for content in &contents {
        work.take_content(&place, content)?;
    }
    if let Some(Idempotency { key, request }) = idempotency {
        let mut value = request.as_bytes().to_vec();
        value.extend_from_slice(place.1.0.as_bytes());
        work.records.set(keys::idempotency(&place.0, &key), envelope::short(&value));
        let hash = Digest::of(key.as_bytes()).as_bytes().to_vec();
        work.records.set(keys::job_idempotency(&place.0, place.1), hash);
    }
    work.enter(&job);
    work.journal.push(&job, now);
    Ok(Submitted::New)
}
