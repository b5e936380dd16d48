//! Keeps new jobs.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::timestamp::Timestamp;
use bytes::Bytes;

use crate::jobs::named_contents;
use crate::sled::disk::blobs::Blobs;
use crate::sled::format::inline_contents::{self, Small};
use crate::sled::format::keys::{self, Class};
use crate::sled::format::{envelope, job_record};
use crate::sled::state::State;
use crate::sled::write::write_job;
use crate::{Idempotency, NewJob, Result, Staged, StoreError, Submitted};

/// A job with all that can be made ready before it is the committer's turn.
pub(crate) struct Prepared {
    job: Arc<Job>,
    /// Its record, its indexes, and contents that are kept in the tree.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    /// Those that are blobs.
    blobs: Vec<Staged>,
    idempotency: Option<Idempotency>,
    queue_cap: u64,
}

/// Writes large contents, and says of a content that is named and not given that it is missing.
pub(crate) async fn prepare(blobs: &Arc<Blobs>, new: NewJob) -> Result<Prepared> {
    let NewJob { job, contents, idempotency, queue_cap } = new;
    let mut staged = HashMap::new();
    for content in contents {
        let content = blobs.stage(content).await?;
        staged.insert(content.content.digest, content);
    }
    let (mut here, mut blobs) = (Vec::with_capacity(staged.len()), Vec::new());
    for digest in named_contents(&job) {
        let content = staged.remove(&digest).ok_or_else(|| StoreError::Missing(digest.to_string()))?;
        match content.inline {
            Some(bytes) => here.push(Small::new(digest, bytes)),
            None => blobs.push(content),
        }
    }
    let entries = entries(&job, here)?;
    Ok(Prepared { job: Arc::new(job), entries, blobs, idempotency, queue_cap })
}

/// What is written of a new job, with the contents that are no blobs.
pub(crate) fn entries(job: &Job, here: Vec<Small<Bytes>>) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let key = keys::job(&job.organisation, Class::Live, job.id);
    let (mut entries, outside) = inline_contents::entries(key, &envelope::json(job)?, here);
    for Small { digest, bytes, .. } in outside {
        entries.extend(envelope::entries(keys::content(&job.organisation, job.id, digest), &bytes));
    }
    entries.extend(write_job::index_keys(job).into_iter().map(|key| (key, Vec::new())));
    Ok(entries)
}

/// One answer each, in order.
pub(crate) fn submit(state: &mut State, jobs: Vec<Prepared>, now: Timestamp) -> Result<Vec<Submitted>> {
    jobs.into_iter().map(|job| submit_one(state, job, now)).collect()
}

/// The same of jobs of one organisation that are kept all or none: whether there is room for all is asked first.
pub(crate) fn submit_together(state: &mut State, jobs: Vec<Prepared>, now: Timestamp) -> Result<Vec<Submitted>> {
    let full = jobs.iter().find_map(|new| {
        let queued = state.counts.of(&new.job.organisation).queued;
        let room = queued.saturating_add(jobs.len() as u64) <= new.queue_cap;
        (!room).then_some(Submitted::QueueFull { queued })
    });
    match full {
        Some(full) => Ok(vec![full; jobs.len()]),
        None => submit(state, jobs, now),
    }
}

fn submit_one(state: &mut State, new: Prepared, now: Timestamp) -> Result<Submitted> {
    let Prepared { job, entries, blobs, idempotency, queue_cap } = new;
    let place = (job.organisation.clone(), job.id);
    // A job that could not be read is no reason to refuse a new one.
    if let Some(Idempotency { key, request }) = &idempotency
        && let Some((before, id)) = state.find_key(&keys::idempotency(&place.0, key))?
        && let Some(job) = state.load(&(place.0.clone(), id))?
    {
        return Ok(if before == *request { Submitted::Replayed(job) } else { Submitted::Mismatch });
    }
    // The same id again can only be the same submission.
    if job_record::find(&state.records, &place.0, place.1)?.is_some()
        && let Some(job) = state.load(&place)?
    {
        return Ok(Submitted::Replayed(job));
    }
    let queued = state.counts.of(&place.0).queued;
    if queued >= queue_cap {
        return Ok(Submitted::QueueFull { queued });
    }
    state.records.insert(entries);
    for blob in &blobs {
        state.keep_content(&place, blob)?;
    }
    if let Some(Idempotency { key, request }) = idempotency {
        let mut value = request.as_bytes().to_vec();
        value.extend_from_slice(place.1.0.as_bytes());
        state.records.set(keys::idempotency(&place.0, &key), envelope::short(&value));
        let hash = Digest::of(key.as_bytes()).as_bytes().to_vec();
        state.records.set(keys::job_idempotency(&place.0, place.1), hash);
    }
    state.enter(&job);
    state.note(&job, None, now)?;
    state.journal.push(&job, now);
    Ok(Submitted::New)
}
