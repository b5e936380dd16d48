//! What holds for every job after any events in any order.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use crate::codes::Code;
use crate::digest::Digest;
use crate::failure::Failure;
use crate::job::transition::{Effect, Event, Left, Refusal, Released, Run, apply};
use crate::job::{Content, Job, RetryPolicy, RunLimits, Status, Task, Usage};
use crate::names::{Attempt, JobId, Lease, ModelName, Organisation, ProviderName, TaskName};
use crate::timestamp::Timestamp;

const TASKS: usize = 4;

fn content(of: u64) -> Content {
    Content { digest: Digest::of(&of.to_le_bytes()), bytes: 8 }
}

fn name(place: usize) -> TaskName {
    ["a", "b", "c", "d"].get(place % TASKS).and_then(|name| TaskName::new(name).ok()).unwrap_or_else(TaskName::only)
}

fn named<T>(name: Result<T, crate::names::BadName>) -> T {
    name.unwrap_or_else(|error| unreachable!("{error}"))
}

/// A job whose tasks depend on earlier ones as the bits of `edges` say.
fn job(tasks: usize, edges: u16, max_attempts: u32) -> Job {
    let task = |place: usize| Task {
        name: name(place),
        provider: named(ProviderName::new("p")),
        model: named(ModelName::new("m")),
        digest: Digest::of(b"component"),
        model_file: None,
        parents: (0..place).filter(|parent| edges >> (place * TASKS + parent) & 1 == 1).map(name).collect(),
        input: content(0),
        parameters: content(1),
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
    Job {
        id: JobId(Uuid::nil()),
        organisation: Organisation::default_one(),
        status: Status::Queued,
        tasks: (0..tasks).map(task).collect(),
        priority: 0,
        run_at: None,
        created_at: Timestamp(0),
        started_at: None,
        finished_at: None,
        limits: RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 },
        retry: RetryPolicy { max_attempts, backoff_ms: 10 },
        retry_of: None,
        tags: BTreeMap::new(),
        custom_data: None,
        revision: 0,
    }
}

/// An event before it is known which run it may name.
#[derive(Debug, Clone)]
struct Step {
    what: u8,
    task: usize,
    /// Names the current run, or one that is stale or never was.
    current: bool,
    code: usize,
    wait_ms: u64,
}

fn step() -> impl Strategy<Value = Step> {
    (0_u8..10, 0..=TASKS, proptest::bool::weighted(0.8), 0..Code::ALL.len(), 0_u64..40)
        .prop_map(|(what, task, current, code, wait_ms)| Step { what, task, current, code, wait_ms })
}

fn event(job: &Job, step: &Step, number: u64) -> Event {
    // One place beyond the last task names one that the job does not have.
    let task = if step.task == TASKS { TaskName::only() } else { name(step.task) };
    let known = job.task(&task);
    let attempt = known.map_or(Attempt(1), |task| task.attempt);
    let lease = known.and_then(|task| task.lease).filter(|_| step.current).unwrap_or(Lease(1_000_000 + number));
    let run = Run { task: task.clone(), attempt, lease };
    let code = Code::ALL.get(step.code).copied().unwrap_or(Code::HostError);
    match step.what {
        0..=3 => Event::Start { task, lease: Lease(number) },
        4 | 5 => Event::Finish { run, result: content(number), files: Vec::new(), left: Left::default() },
        6 => Event::Fail { run, failure: Failure::new(code, "failed"), jitter: 0.5, left: Left::default() },
        7 if step.code.is_multiple_of(2) => Event::Release { run, why: Released::NodeLost { most: 2 } },
        7 => Event::Release { run, why: Released::Drained },
        8 if step.code.is_multiple_of(3) => Event::Abandon { task, failure: Failure::new(code, "abandoned") },
        8 if step.code % 3 == 1 => Event::Cancel { reason: "asked".to_owned() },
        _ => Event::Retry,
    }
}

/// The state that follows from the tasks alone.
fn derived(job: &Job) -> Status {
    let any = |status| job.tasks.iter().any(|task| task.status == status);
    if job.tasks.iter().any(|task| !task.status.ended()) {
        if job.started_at.is_some() { Status::Running } else { Status::Queued }
    } else if any(Status::Failed) {
        Status::Failed
    } else if any(Status::Cancelled) {
        Status::Cancelled
    } else {
        Status::Completed
    }
}

fn check_state(job: &Job) -> Result<(), TestCaseError> {
    prop_assert_eq!(job.status, derived(job));
    prop_assert_eq!(job.finished_at.is_some(), job.status.ended());
    for task in &job.tasks {
        prop_assert_eq!(task.lease.is_some(), task.status == Status::Running, "lease of {}", task.name);
        prop_assert_eq!(task.result.is_some(), task.status == Status::Completed, "result of {}", task.name);
        if matches!(task.status, Status::Failed | Status::Cancelled) {
            prop_assert!(task.error.is_some(), "error of {}", task.name);
        }
        if matches!(task.status, Status::Running | Status::Completed) {
            prop_assert!(job.parents_completed(task), "{} ran before its parents", task.name);
        }
        let dead = |parent: &TaskName| {
            job.task(parent).is_some_and(|parent| matches!(parent.status, Status::Failed | Status::Cancelled))
        };
        if task.parents.iter().any(dead) {
            prop_assert!(matches!(task.status, Status::Failed | Status::Cancelled), "{} lives on", task.name);
        }
    }
    Ok(())
}

fn check_change(before: &Job, after: &Job, retried: bool, effects: &[Effect]) -> Result<(), TestCaseError> {
    for (old, new) in before.tasks.iter().zip(&after.tasks) {
        prop_assert!(new.attempt >= old.attempt, "attempts of {} went down", new.name);
        if old.status.ended() && !retried {
            prop_assert_eq!(old, new, "an ended task changed without a retry");
        }
        if let (Some(old), Some(new)) = (&old.result, &new.result) {
            prop_assert_eq!(old, new, "a result was overwritten");
        }
        if let (Some(result), None) = (&old.result, &new.result) {
            prop_assert!(effects.contains(&Effect::Free(result.clone())), "a result was lost without being freed");
        }
        let lost = old.status == Status::Running && old.lease != new.lease;
        let stopped = effects.iter().any(|effect| matches!(effect, Effect::Stop(run) if Some(run.lease) == old.lease));
        if lost && (retried || new.status == Status::Cancelled) {
            prop_assert!(stopped, "{} runs on after it was taken away", new.name);
        }
        if stopped {
            prop_assert!(lost, "{} was stopped and keeps its lease", new.name);
        }
    }
    let ended = effects.iter().filter(|effect| matches!(effect, Effect::Ended(_))).count();
    prop_assert_eq!(ended, usize::from(after.status.ended() && !before.status.ended()));
    for effect in effects {
        match effect {
            Effect::Ended(status) => prop_assert_eq!(*status, after.status),
            Effect::Ready { task, .. } => {
                let task = after.task(task);
                prop_assert!(task.is_some_and(|task| task.status == Status::Queued && after.parents_completed(task)));
            }
            Effect::Stop(_) | Effect::Free(_) => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_events_in_any_order_leave_a_job_sound(
        tasks in 1..=TASKS,
        edges in any::<u16>(),
        max_attempts in 1_u32..4,
        steps in vec(step(), 0..60),
    ) {
        let mut job = job(tasks, edges, max_attempts);
        let mut now = Timestamp(0);
        check_state(&job)?;
        for (number, step) in steps.iter().enumerate() {
            now = now.plus_ms(step.wait_ms);
            let event = event(&job, step, number as u64);
            let before = job.clone();
            let retried = matches!(event, Event::Retry);
            match apply(&mut job, event.clone(), now) {
                Ok(effects) => {
                    check_state(&job)?;
                    check_change(&before, &job, retried, &effects)?;
                    if before != job {
                        prop_assert!(job.revision > before.revision, "a change without a new revision");
                    }
                }
                Err(refusal) => {
                    prop_assert_eq!(&before, &job, "a refusal changed the job");
                    let writes = matches!(event, Event::Finish { .. } | Event::Fail { .. } | Event::Release { .. });
                    let fits = !writes || matches!(refusal, Refusal::Stale | Refusal::UnknownTask);
                    prop_assert!(fits, "{refusal:?} for a write of a run");
                }
            }
        }
    }
}
