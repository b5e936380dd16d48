//! Jobs and bytes for tests.

use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::job::{Content, Input, Job, RetryPolicy, RunLimits, Status, Task, Usage};
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName, RunKey, TaskName};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::{Destination, Secret, Webhook};
use bytes::Bytes;
use uuid::Uuid;

use crate::{Finished, NewContent, NewJob, Outcome, Room};

/// Bytes that only this name and length give.
pub fn bytes_of(name: &str, length: usize) -> Bytes {
    name.bytes().chain(std::iter::once(b'/')).cycle().take(length.max(name.len())).collect::<Vec<_>>().into()
}

/// Name and length of bytes.
pub fn content_of(bytes: &Bytes) -> Content {
    Content { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
}

/// A job id whose time is `at`.
pub(super) fn id(at: Timestamp, number: u64) -> JobId {
    let time = u128::from(u64::try_from(at.0).unwrap_or(0)) << 80;
    JobId(Uuid::from_u128(time | (7 << 76) | (2 << 62) | u128::from(number)))
}

/// A job with a task for each of `parents`, which are the places of its parents, and the bytes of its contents. Every
/// second task takes its parents' results as its input, where it has parents. `None`: a name of it is none.
pub fn job_with(
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
        let parents = parents.iter().copied().map(name).collect::<Option<Vec<_>>>()?;
        let input = if place % 2 == 1 && !parents.is_empty() {
            Input::Results { of: parents.clone() }
        } else {
            let input = bytes_of(&format!("input {number}.{place}"), input_bytes);
            contents.push(input.clone());
            Input::Given(content_of(&input))
        };
        let model = if number.is_multiple_of(2) { "describe" } else { "correlation" };
        let named = (ProviderName::new("statistics").ok()?, ModelName::new(model).ok()?);
        tasks.push(Task {
            parents,
            ..Task::queued(name(place)?, named, Digest::of(b"component"), input, content_of(&parameters))
        });
    }
    // A job has none, one or two webhooks.
    let webhook = |place: u64| Webhook {
        url: format!("https://{}.example/in", number % 2),
        destination: Destination(format!("https://{}.example:443", (number + place) % 2).into()),
        events: if place == 0 { Webhook::ends() } else { Status::ALL.into_iter().collect() },
        secret: Secret::parse("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz").ok(),
    };
    let limits = RunLimits { fuel: 1, memory_bytes: 2, timeout_ms: 3 };
    let job = Job {
        retry: RetryPolicy { max_attempts: 2, backoff_ms: 1_000 },
        webhooks: (0..(number % 4).min(2)).map(webhook).collect(),
        custom_data: Document::new(r#"{ "kept":  "as it is" }"#.to_owned()).ok(),
        ..Job::queued(id(at, number), Organisation::new(organisation).ok()?, tasks, limits, at)
    };
    Some((job, contents))
}

/// A submission of a job with one task. `None`: a name of it is none.
pub fn new_job(organisation: &str, number: u64, at: Timestamp, input_bytes: usize) -> Option<NewJob> {
    let (job, contents) = job_with(organisation, number, at, &[&[]], input_bytes)?;
    let contents = contents.into_iter().map(NewContent::Bytes).collect();
    Some(NewJob { job, contents, idempotency: None, queue_cap: u64::MAX })
}

/// Room for this many tasks of any size.
pub fn room(tasks: usize) -> Room {
    Room::of(tasks)
}

/// The run completed with these bytes.
pub fn result_of(run: &RunKey, result: Bytes) -> Finished {
    Finished {
        run: run.clone(),
        outcome: Outcome::Completed { result: NewContent::Bytes(result), files: Vec::new() },
        usage: Usage { fuel: 5, peak_memory_bytes: 6 },
        progress: None,
        log: None,
        run_events: Vec::new(),
        warnings: Vec::new(),
    }
}
