//! Jobs to measure with.

use std::collections::BTreeMap;

use analyte_core::digest::Digest;
use analyte_core::job::{Content, Job, RetryPolicy, RunLimits, Status, Task, Usage};
use analyte_core::names::{Attempt, JobId, ModelName, Organisation, ProviderName, TaskName};
use analyte_core::timestamp::Timestamp;
use analyte_store::{NewContent, NewJob};
use bytes::Bytes;

/// Whatever goes wrong ends a measurement.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn content(bytes: &Bytes) -> Content {
    Content { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
}

/// A job of one task with a table of 1 KiB.
pub(crate) fn job(number: u64, now: Timestamp) -> Outcome<NewJob> {
    let input = Bytes::from(number.to_be_bytes().repeat(128));
    let parameters = Bytes::from_static(b"{}");
    let task = Task {
        name: TaskName::only(),
        provider: ProviderName::new("statistics")?,
        model: ModelName::new("describe")?,
        digest: Digest::of(b"component"),
        model_file: None,
        parents: Vec::new(),
        input: content(&input),
        parameters: content(&parameters),
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
    };
    let job = Job {
        id: JobId(uuid::Uuid::now_v7()),
        organisation: Organisation::default_one(),
        status: Status::Queued,
        tasks: vec![task],
        priority: 0,
        run_at: None,
        created_at: now,
        started_at: None,
        finished_at: None,
        limits: RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 },
        retry: RetryPolicy::default(),
        retry_of: None,
        tags: BTreeMap::new(),
        custom_data: None,
        revision: 0,
        history: Vec::new(),
    };
    let contents = vec![NewContent::Bytes(input), NewContent::Bytes(parameters)];
    Ok(NewJob { job, contents, idempotency: None, queue_cap: u64::MAX })
}
