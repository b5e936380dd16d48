//! Keeps new jobs.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::timestamp::Timestamp;

use super::blobs::Blobs;
use super::keys::{self, Class};
use super::within::Small;
use super::work::Work;
use super::{envelope, job_record, save, within};
use crate::{Idempotency, NewJob, Result, Staged, StoreError, Submitted};

/// A job with all that can be made ready before it is the committer's turn.
pub(super) struct Prepared {
    job: Arc<Job>,
    /// Its record, its indexes, and contents that are kept in the tree.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    /// Those that are blobs.
    blobs: Vec<Staged>,
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
    let (mut here, mut blobs) = (Vec::with_capacity(staged.len()), Vec::new());
    for digest in save::contents(&job) {
        let content = staged.remove(&digest).ok_or_else(|| StoreError::Missing(digest.to_string()))?;
        match content.inline {
            Some(bytes) => here.push(Small::new(digest, bytes)),
            None => blobs.push(content),
        }
    }
    let key = keys::job(&job.organisation, Class::Live, job.id);
    let (mut entries, outside) = within::entries(key, &envelope::json(&job)?, here);
    for Small { digest, bytes, .. } in outside {
        entries.extend(envelope::entries(keys::content(&job.organisation, job.id, digest), &bytes));
    }
    entries.extend(save::index_keys(&job).into_iter().map(|key| (key, Vec::new())));
    Ok(Prepared { job: Arc::new(job), entries, blobs, idempotency, queue_cap })
}

/// One answer each, in order.
pub(super) fn submit(work: &mut Work, jobs: Vec<Prepared>, now: Timestamp) -> Result<Vec<Submitted>> {
    jobs.into_iter().map(|job| submit_one(work, job, now)).collect()
}

fn submit_one(work: &mut Work, new: Prepared, now: Timestamp) -> Result<Submitted> {
    let Prepared { job, entries, blobs, idempotency, queue_cap } = new;
    let place = (job.organisation.clone(), job.id);
    // A job that could not be read is no reason to refuse a new one.
    if let Some(Idempotency { key, request }) = &idempotency
        && let Some((before, id)) = work.find_key(&keys::idempotency(&place.0, key))?
        && let Some(job) = work.load(&(place.0.clone(), id))?
    {
        return Ok(if before == *request { Submitted::Replayed(job) } else { Submitted::Mismatch });
    }
    // The same id again can only be the same submission.
    if job_record::find(&work.records, &place.0, place.1)?.is_some()
        && let Some(job) = work.load(&place)?
    {
        return Ok(Submitted::Replayed(job));
    }
    let queued = work.counts.of(&place.0).queued;
    if queued >= queue_cap {
        return Ok(Submitted::QueueFull { queued });
    }
    work.records.insert(entries);
    for blob in &blobs {
        work.keep_content(&place, blob)?;
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
