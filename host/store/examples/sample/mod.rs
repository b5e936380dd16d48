//! Jobs to measure with.

use analyte_core::digest::Digest;
use analyte_core::job::{Content, Job, RunLimits, Task};
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName, TaskName};
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
    let named = (ProviderName::new("statistics")?, ModelName::new("describe")?);
    let task = Task::queued(TaskName::only(), named, Digest::of(b"component"), content(&input), content(&parameters));
    let limits = RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 };
    let id = JobId(uuid::Uuid::now_v7());
    let job = Job::queued(id, Organisation::default_one(), vec![task], limits, now);
    let contents = vec![NewContent::Bytes(input), NewContent::Bytes(parameters)];
    Ok(NewJob { job, contents, idempotency: None, queue_cap: u64::MAX })
}
