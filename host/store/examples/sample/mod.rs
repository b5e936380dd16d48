//! Jobs to measure with; each measurement uses some of this.

#![allow(dead_code, reason = "each example is compiled with all of it")]

use std::sync::OnceLock;

use analyte_core::digest::Digest;
use analyte_core::job::{Content, Job, RunLimits, Task};
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName, TaskName};
use analyte_core::shape::Shape;
use analyte_core::table::format::{Format, read, write};
use analyte_core::timestamp::Timestamp;
use analyte_store::{NewContent, NewJob};
use bytes::Bytes;

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

/// What a batch of jobs without parameters has of a table of one number, to be run in 2099.
pub(crate) fn batch_job(now: Timestamp) -> Outcome<NewJob> {
    static INPUT: OnceLock<Bytes> = OnceLock::new();
    let input = if let Some(input) = INPUT.get() {
        input.clone()
    } else {
        let table = read(Format::Json, r#"[{"value":1.5}]"#.into(), &Shape::any(), &Limits::default())?.table;
        let written = write(Format::Arrow, &table)?;
        INPUT.get_or_init(|| written.into()).clone()
    };
    let parameters = Bytes::from_static(b"{}");
    let named = (ProviderName::new("hostile")?, ModelName::new("noop")?);
    let task = Task::queued(TaskName::only(), named, Digest::of(b"component"), content(&input), content(&parameters));
    let limits = RunLimits { fuel: 1_000_000_000, memory_bytes: 64 << 20, timeout_ms: 60_000 };
    let id = JobId(uuid::Uuid::now_v7());
    let queued = Job::queued(id, Organisation::default_one(), vec![task], limits, now);
    let job = Job { run_at: Some(Timestamp(4_070_908_800_000)), created_by: Some("admin".to_owned()), ..queued };
    let contents = vec![NewContent::Bytes(input), NewContent::Bytes(parameters)];
    Ok(NewJob { job, contents, idempotency: None, queue_cap: u64::MAX })
}
