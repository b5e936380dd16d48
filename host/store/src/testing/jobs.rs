//! Jobs and bytes for tests.

use std::collections::BTreeMap;

use analyte_core::digest::Digest;
use analyte_core::job::{Content, Job, RetryPolicy, RunLimits, Status, Task, Usage};
use analyte_core::names::{Attempt, JobId, ModelName, Organisation, ProviderName, RunKey, TaskName};
use analyte_core::timestamp::Timestamp;
use bytes::Bytes;
use uuid::Uuid;

use crate::{Finished, NewContent, NewJob, Outcome, Room};

/// Bytes that only this name and length give.
pub(crate) fn bytes_of(name: &str, length: usize) -> Bytes {
    name.bytes().chain(std::iter::once(b'/')).cycle().take(length.max(name.len())).collect::<Vec<_>>().into()
}

/// Name and length of bytes.
pub(crate) fn content_of(bytes: &Bytes) -> Content {
    Content { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
}

/// A job id whose time is `at`.
pub(crate) fn id(at: Timestamp, number: u64) -> JobId {
    let time = u128::from(u64::try_from(at.0).unwrap_or(0)) << 80;
    JobId(Uuid::from_u128(time | (7 << 76) | (2 << 62) | u128::from(number)))
}

/// A job with tasks as told: each with the places of its parents.
pub(crate) fn job_with(
    organisation: &str,
    number: u64,
    at: Timestamp,
    parents: &[&[usize]],
    input_bytes: usize,
) -> Option<(Job, Vec<Bytes>)> {
    let name = |place: usize| TaskName::new(&format!("task-{place}")).ok();
    let parameters = Bytes::from_static(b"{}");
    let mut contents = vec![parameters.clone()];
    let mut tasks = Vec::new();
    for (place, parents) in parents.iter().enumerate() {
        let input = bytes_of(&format!("input {number}.{place}"), input_bytes);
        tasks.push(Task {
            name: name(place)?,
            provider: ProviderName::new("statistics").ok()?,
            model: ModelName::new(if number.is_multiple_of(2) { "describe" } else { "correlation" }).ok()?,
            digest: Digest::of(b"component"),
            model_file: None,
            parents: parents.iter().copied().map(name).collect::<Option<_>>()?,
            input: content_of(&input),
            parameters: content_of(&parameters),
            grants: Vec::new(),
            status: Status::Queued,
            attempt: Attempt(0),
            lease: None,
            failures: 0,
            crashes: 0,
            not_before: None,
            started_at: None,
            finished_at: None,
            usage: Usage::default(),
            progress: None,
            error: None,
            result: None,
            files: Vec::new(),
            log: None,
            warnings: Vec::new(),
        });
        contents.push(input);
    }
    let job = Job {
        id: id(at, number),
        organisation: Organisation::new(organisation).ok()?,
        status: Status::Queued,
        tasks,
        priority: 0,
        run_at: None,
        created_at: at,
        started_at: None,
        finished_at: None,
        limits: RunLimits { fuel: 1, memory_bytes: 2, timeout_ms: 3 },
        retry: RetryPolicy { max_attempts: 2, backoff_ms: 1_000 },
        retry_of: None,
        tags: BTreeMap::new(),
        custom_data: serde_json::value::RawValue::from_string(r#"{ "kept":  "as it is" }"#.to_owned()).ok(),
        revision: 0,
        history: Vec::new(),
    };
    Some((job, contents))
}

/// A submission of a job with one task.
pub(crate) fn new_job(organisation: &str, number: u64, at: Timestamp, input_bytes: usize) -> Option<NewJob> {
    let (job, contents) = job_with(organisation, number, at, &[&[]], input_bytes)?;
    let contents = contents.into_iter().map(NewContent::Bytes).collect();
    Some(NewJob { job, contents, idempotency: None, queue_cap: u64::MAX })
}

/// Room for so many tasks of any size.
pub(crate) fn room(tasks: usize) -> Room {
    Room { tasks, memory_bytes: u64::MAX, extra_bytes: 0, whole_bytes: u64::MAX }
}

/// The run completed with these bytes.
pub(crate) fn result_of(run: &RunKey, result: Bytes) -> Finished {
    Finished {
        run: run.clone(),
        outcome: Outcome::Completed { result: NewContent::Bytes(result), files: Vec::new() },
        usage: Usage { fuel: 5, peak_memory_bytes: 6 },
        progress: None,
        log: None,
        told: Vec::new(),
        warnings: Vec::new(),
    }
}
