//! What holds for every job after any events in any order.

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use crate::codes::Code;
use crate::digest::Digest;
use crate::failure::Failure;
use crate::job::event::{EventId, Happened};
use crate::job::transition::{Effect, Event, Left, Refusal, Released, Run, apply};
use crate::job::{Content, Input, Job, JobChange, MOMENTS, Pin, RetryPolicy, RunLimits, Status, Task};
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
        parents: (0..place).filter(|parent| edges >> (place * TASKS + parent) & 1 == 1).map(name).collect(),
        ..Task::queued(
            name(place),
            (named(ProviderName::new("p")), named(ModelName::new("m"))),
            Digest::of(b"component"),
            content(0),
            content(1),
        )
    };
    let tasks = (0..tasks).map(task).collect();
    let limits = RunLimits { fuel: 1, memory_bytes: 1, timeout_ms: 1 };
    Job {
        retry: RetryPolicy { max_attempts, backoff_ms: 10 },
        ..Job::queued(JobId(Uuid::nil()), Organisation::default_one(), tasks, limits, Timestamp(0))
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
    (0_u8..12, 0..=TASKS, proptest::bool::weighted(0.8), 0..Code::ALL.len(), 0_u64..40)
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
        10 => {
            let of = vec![name(0)];
            let parents = if step.current { of.clone() } else { Vec::new() };
            let input = if step.current { Input::Results { of } } else { content(number).into() };
            let (provider, model) = (named(ProviderName::new("p")), named(ModelName::new("m")));
            let queued = Task::queued(task, (provider, model), Digest::of(b"c"), input, content(0));
            Event::AddTask { task: Box::new(Task { parents, ..queued }), most: TASKS as u64 }
        }
        11 => Event::AddParent { task, parent: name(step.code) },
        // Now and then one pin too few.
        _ => {
            let pins = if step.code.is_multiple_of(7) { job.tasks.len() - 1 } else { job.tasks.len() };
            Event::Retry { pins: (0..pins as u64).map(|place| pin(number * 10 + place)).collect() }
        }
    }
}

fn pin(of: u64) -> Pin {
    let file = of.is_multiple_of(2).then(|| Digest::of(b"model file"));
    Pin { digest: Digest::of(&of.to_le_bytes()), model_file: file, grants: vec![format!("http:{of}.example")] }
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

/// What is remembered of one event, and of those before it.
fn check_history(before: &Job, after: &Job, event: &Event, now: Timestamp) -> Result<(), TestCaseError> {
    let revisions: Vec<u64> = after.history.iter().map(|moment| moment.revision).collect();
    prop_assert!(revisions.windows(2).all(|pair| pair.first() < pair.last()), "revisions do not rise: {revisions:?}");
    prop_assert!(after.history.len() <= MOMENTS);
    if before == after {
        return Ok(());
    }
    prop_assert_eq!(after.history.len(), (before.history.len() + 1).min(MOMENTS), "one event, one moment");
    let kept = before.history.len() + 1 - after.history.len();
    let older = after.history.split_last().map(|(_, older)| older);
    prop_assert_eq!(before.history.get(kept..), older, "the past was changed");
    let Some(last) = after.history.last() else { return Err(TestCaseError::fail("nothing is remembered")) };
    prop_assert_eq!((last.revision, last.at, last.status), (after.revision, now, after.status));
    let (name, code) = match event {
        Event::Start { task, .. } | Event::AddParent { task, .. } => (Some(task), None),
        Event::Finish { run, .. } => (Some(&run.task), None),
        Event::Fail { run, failure, .. } => (Some(&run.task), Some(failure.code)),
        Event::Release { run, .. } => {
            let failed = after.task(&run.task).is_some_and(|task| task.status == Status::Failed);
            (Some(&run.task), failed.then_some(Code::HostError))
        }
        Event::Abandon { task, failure } => (Some(task), Some(failure.code)),
        Event::Cancel { .. } => (None, Some(Code::Cancelled)),
        Event::Retry { .. } => (None, None),
        Event::AddTask { task, .. } => (Some(&task.name), None),
    };
    let task = name.and_then(|name| after.task(name));
    prop_assert_eq!(last.task.and_then(|place| after.tasks.get(place as usize)), task);
    prop_assert_eq!(last.task_status, task.map(|task| task.status));
    prop_assert_eq!(last.code, code);
    prop_assert_eq!(Some(last.attempt), task.or(after.standing()).map(|task| task.attempt));
    Ok(())
}

/// A client that watched until some event gets exactly the events after it, and at the end knows the job's state.
fn check_events(job: &Job) -> Result<(), TestCaseError> {
    let all = job.events_after(EventId(0));
    prop_assert_eq!(all.len(), job.history.len() + 1);
    prop_assert_eq!(all.first().map(|event| event.id), Some(EventId::of_revision(0)));
    let last = all.last().map(|event| match &event.what {
        Happened::Changed { status, .. } => Some(*status),
        Happened::Reported { .. } => None,
    });
    prop_assert_eq!(last, Some(Some(job.status)));
    for (place, event) in all.iter().enumerate() {
        let rest = job.events_after(event.id);
        prop_assert_eq!(Some(rest.as_slice()), all.get(place + 1..));
    }
    Ok(())
}

/// What changed, as a store keeps it, leads from the one to the other.
fn check_difference(before: &Job, after: &Job) -> Result<(), TestCaseError> {
    let written = serde_json::to_string(&JobChange::between(before, after));
    let read = written.and_then(|text| serde_json::from_str::<JobChange>(&text));
    let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut job = before.clone();
    prop_assert!(read.apply(&mut job));
    prop_assert_eq!(&job, after);
    Ok(())
}

/// What completed is as it was; everything else waits anew, on what the pins say.
fn check_retry(before: &Job, after: &Job, pins: &[Pin]) -> Result<(), TestCaseError> {
    for ((old, new), pin) in before.tasks.iter().zip(&after.tasks).zip(pins) {
        if old.status == Status::Completed {
            prop_assert_eq!(old, new);
            continue;
        }
        let now = Pin { digest: new.digest, model_file: new.model_file, grants: new.grants.clone() };
        prop_assert_eq!(&now, pin);
        prop_assert_eq!((new.status, &new.error, &new.result), (Status::Queued, &None, &None));
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
        steps in vec(step(), 0..120),
    ) {
        let mut job = job(tasks, edges, max_attempts);
        let mut now = Timestamp(0);
        check_state(&job)?;
        for (number, step) in steps.iter().enumerate() {
            now = now.plus_ms(step.wait_ms);
            let event = event(&job, step, number as u64);
            let before = job.clone();
            let retried = matches!(event, Event::Retry { .. });
            match apply(&mut job, event.clone(), now) {
                Ok(effects) => {
                    check_state(&job)?;
                    check_change(&before, &job, retried, &effects)?;
                    check_history(&before, &job, &event, now)?;
                    check_events(&job)?;
                    check_difference(&before, &job)?;
                    if let Event::Retry { pins } = &event {
                        check_retry(&before, &job, pins)?;
                    }
                    if before != job {
                        prop_assert!(job.revision > before.revision, "a change without a new revision");
                    }
                }
                Err(refusal) => {
                    prop_assert_eq!(&before, &job, "a refusal changed the job");
                    let writes = matches!(event, Event::Finish { .. } | Event::Fail { .. } | Event::Release { .. });
                    let fits = !writes || matches!(refusal, Refusal::Stale | Refusal::UnknownTask);
                    prop_assert!(fits, "{refusal:?} for a write of a run");
                    if let (Event::Retry { pins }, false) = (&event, job.status == Status::Queued) {
                        let wrong = Refusal::WrongPins { tasks: job.tasks.len(), pins: pins.len() };
                        prop_assert!(refusal == wrong || job.status == Status::Completed, "{refusal:?} for a retry");
                    }
                }
            }
        }
    }
}

/// Id, time, status, task, its status, attempt, code.
type Heard = (u64, i64, Status, Option<String>, Option<Status>, u32, Option<Code>);

fn heard(job: &Job, after: EventId) -> Vec<Heard> {
    let heard = |event: crate::job::event::JobEvent| match event.what {
        Happened::Changed { status, task, task_status, attempt, code } => {
            (event.id.0, event.at.0, status, task.map(|task| task.to_string()), task_status, attempt.0, code)
        }
        Happened::Reported { .. } => unreachable!("runs report nothing here"),
    };
    job.events_after(after).into_iter().map(heard).collect()
}

#[test]
fn a_watcher_learns_what_happened_in_order() {
    let mut job = job(2, 1 << TASKS, 3);
    let a = || name(0);
    let mut at = |event, now| apply(&mut job, event, Timestamp(now)).map(|_| ());
    let run = |attempt, lease| Run { task: name(0), attempt: Attempt(attempt), lease: Lease(lease) };
    assert_eq!(at(Event::Start { task: a(), lease: Lease(1) }, 10), Ok(()));
    let failure = Failure::new(Code::HostError, "disk");
    let fail = Event::Fail { run: run(1, 1), failure, jitter: 0.5, left: Left::default() };
    assert_eq!(at(fail.clone(), 20), Ok(()));
    assert_eq!(at(fail, 25), Err(Refusal::Stale));
    assert_eq!(at(Event::Start { task: a(), lease: Lease(2) }, 30), Ok(()));
    assert_eq!(at(Event::Cancel { reason: "asked".to_owned() }, 40), Ok(()));
    assert_eq!(at(Event::Cancel { reason: "asked".to_owned() }, 45), Ok(()));
    assert_eq!(at(Event::Retry { pins: vec![pin(1)] }, 47), Err(Refusal::WrongPins { tasks: 2, pins: 1 }));
    assert_eq!(at(Event::Retry { pins: vec![pin(1), pin(2)] }, 50), Ok(()));
    let task = || Some("a".to_owned());
    let whole = [
        (1_000_000, 0, Status::Queued, None, None, 0, None),
        (2_000_000, 10, Status::Running, task(), Some(Status::Running), 1, None),
        (3_000_000, 20, Status::Running, task(), Some(Status::Queued), 1, Some(Code::HostError)),
        (4_000_000, 30, Status::Running, task(), Some(Status::Running), 2, None),
        (5_000_000, 40, Status::Cancelled, None, None, 0, Some(Code::Cancelled)),
        (6_000_000, 50, Status::Queued, None, None, 2, None),
    ];
    assert_eq!(heard(&job, EventId(0)), whole);
    assert_eq!(heard(&job, EventId(3_999_999)), whole[3..]);
    assert_eq!(heard(&job, EventId(6_000_000)), []);
}

#[test]
fn a_job_without_a_history_shows_the_state_that_it_is_in() {
    let mut old = job(1, 0, 1);
    let queued = (1_000_000, 0, Status::Queued, None, None, 0, None);
    assert_eq!(heard(&old, EventId(0)), std::slice::from_ref(&queued));
    let start = Event::Start { task: name(0), lease: Lease(1) };
    assert!(apply(&mut old, start, Timestamp(5)).is_ok());
    old.history.clear();
    assert_eq!(heard(&old, EventId(0)), [queued.clone(), (2_000_000, 5, Status::Running, None, None, 1, None)]);
    let fail = Event::Fail {
        run: Run { task: name(0), attempt: Attempt(1), lease: Lease(1) },
        failure: Failure::new(Code::Trap, "unreachable"),
        jitter: 0.0,
        left: Left::default(),
    };
    assert!(apply(&mut old, fail, Timestamp(9)).is_ok());
    old.history.clear();
    assert_eq!(heard(&old, EventId(0)), [queued, (3_000_000, 9, Status::Failed, None, None, 1, Some(Code::Trap))]);
    assert_eq!(heard(&old, EventId(3_000_000)), []);
}

#[test]
fn only_the_last_changes_are_remembered() {
    let mut job = job(1, 0, 1);
    for attempt in 1..=100 {
        let lease = Lease(attempt.into());
        assert!(apply(&mut job, Event::Start { task: name(0), lease }, Timestamp(0)).is_ok());
        let run = Run { task: name(0), attempt: Attempt(attempt), lease };
        let before = job.clone();
        let event = Event::Release { run, why: Released::Drained };
        assert!(apply(&mut job, event.clone(), Timestamp(0)).is_ok());
        assert!(check_history(&before, &job, &event, Timestamp(0)).is_ok());
    }
    let revisions: Vec<u64> = job.history.iter().map(|moment| moment.revision).collect();
    assert_eq!(revisions, (137..=200).collect::<Vec<_>>());
    let ids: Vec<EventId> = job.events_after(EventId(0)).into_iter().map(|event| event.id).collect();
    let expected = [0].into_iter().chain(137..=200).map(EventId::of_revision);
    assert_eq!(ids, expected.collect::<Vec<_>>());
}
