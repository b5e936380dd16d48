//! The one state machine: what may happen to a job, and what follows from it.
//!
//! [`apply`] is total: for every job and every event it either changes the job and says what is to be done, or refuses
//! and leaves the job as it was. It reads no clock and does no I/O; the store calls it inside one atomic step.
//!
//! A write of a run carries attempt and lease. It is [`Refusal::Stale`] unless the task runs under just these, so that a
//! node that was believed lost, or a run that was cancelled meanwhile, can never overwrite anything.

use std::collections::BTreeSet;

use self::extend::{add_parent, add_task};
use self::retry::retry;
use crate::codes::Code;
use crate::failure::Failure;
use crate::job::event::Change;
use crate::job::{Content, Job, Pin, Progress, ResultFile, Status, Task, Usage};
use crate::names::{Attempt, Lease, TaskName};
use crate::timestamp::Timestamp;

mod extend;
mod retry;

/// Longest wait between two tries.
pub const LONGEST_BACKOFF_MS: u64 = 3_600_000;

/// Why a run ended without an outcome of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The server is stopping. Costs nothing.
    Drained,
    /// The node that ran it is gone. Costs no try, but a task may be lost only so often.
    NodeLost {
        /// With this many losses the task fails for good.
        most: u32,
    },
}

/// What a run leaves behind, whatever its outcome.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Left {
    /// What it cost.
    pub usage: Usage,
    /// Its last progress.
    pub progress: Option<Progress>,
    /// Its log.
    pub log: Option<Content>,
    /// What the client should know.
    pub warnings: Vec<String>,
}

/// What happens to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A queued task is given to a node under a new lease.
    Start {
        /// Which task.
        task: TaskName,
        /// The lease.
        lease: Lease,
    },
    /// A run gave a result.
    Finish {
        /// Which run.
        run: Run,
        /// The table, an Arrow stream.
        result: Content,
        /// Its result files.
        files: Vec<ResultFile>,
        /// What else it left.
        left: Left,
    },
    /// A run failed. Whether the task is tried again follows from the code and the job's policy.
    Fail {
        /// Which run.
        run: Run,
        /// Why.
        failure: Failure,
        /// From 0 to 1, random: spreads the tries of many jobs.
        jitter: f64,
        /// What else it left.
        left: Left,
    },
    /// A run ended without an outcome.
    Release {
        /// Which run.
        run: Run,
        /// Why.
        why: Released,
    },
    /// A queued task can no longer run: its provider is gone, or it expired.
    Abandon {
        /// Which task.
        task: TaskName,
        /// Why.
        failure: Failure,
    },
    /// A client cancels the job, or the job manager does because a provider or model that it needs was removed.
    Cancel {
        /// The message of the error that each cancelled task gets.
        reason: String,
    },
    /// A client asks for another run of the job, in place.
    Retry {
        /// What each task runs on from now on, in the order of the tasks; of no use for one that completed.
        pins: Vec<Pin>,
    },
    /// A client adds a task to a job of which nothing has begun.
    AddTask {
        /// It waits, and the job has its parents.
        task: Box<Task>,
        /// How many tasks a job may have.
        most: u64,
    },
    /// A client lets a task of such a job wait for another one too, and take its results where it takes results.
    AddParent {
        /// Which task.
        task: TaskName,
        /// Stands before it.
        parent: TaskName,
    },
}

/// One run of one task of the job at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which task.
    pub task: TaskName,
    /// Which attempt.
    pub attempt: Attempt,
    /// Under which lease.
    pub lease: Lease,
}

/// What is to be done after a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The task may start, not before the time given.
    Ready {
        /// Which task.
        task: TaskName,
        /// Earliest start.
        not_before: Option<Timestamp>,
    },
    /// The run is to be stopped; what it still writes will be refused.
    Stop(Run),
    /// The content is no longer part of the job.
    Free(Content),
    /// The job ended.
    Ended(Status),
}

/// Why an event does not apply. The job is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The job has no such task.
    #[error("the job has no such task")]
    UnknownTask,
    /// The task does not run under this attempt and lease.
    #[error("the task no longer runs under this lease")]
    Stale,
    /// The task is not queued, its parents have not completed, or it is too early.
    #[error("the task cannot start now")]
    NotReady,
    /// The job has ended.
    #[error("the job has already finished")]
    AlreadyFinished,
    /// Only a failed, cancelled or running job is run again in place.
    #[error("a {0} job cannot be retried in place")]
    NotRetryable(Status),
    /// A retry says for each task what it runs on.
    #[error("the retry says what {pins} tasks run on, and the job has {tasks}")]
    WrongPins {
        /// How many the job has.
        tasks: usize,
        /// For how many it was said.
        pins: usize,
    },
    /// Something of the job has run, so its graph stays as it is.
    #[error("something of the job has begun, and its tasks stay as they are")]
    Begun,
    /// The job has as many tasks as it may have.
    #[error("the job has as many tasks as it may have")]
    TooManyTasks,
    /// Another task of the job has this name.
    #[error("the job has a task of this name")]
    NameTaken,
    /// A task stands after those that it waits for.
    #[error("the parent does not stand before the task")]
    ParentAfterChild,
    /// The task waits for it already.
    #[error("the task waits for this parent already")]
    AlreadyParent,
}

/// Lets `event` happen to `job` at time `now`. Where it changes the job, the job's history says so.
pub fn apply(job: &mut Job, event: Event, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let mut effects = Vec::new();
    let change = match event {
        Event::Start { task, lease } => {
            start(job, &task, lease, now)?;
            Change { task: Some(task), code: None }
        }
        Event::Finish { run, result, files, left } => {
            let task = running(job, &run)?;
            leave(task, left, &mut effects);
            task.result = Some(result);
            task.files = files;
            task.error = None;
            end(task, Status::Completed, now);
            ready_children(job, &run.task, &mut effects);
            Change { task: Some(run.task), code: None }
        }
        Event::Fail { run, failure, jitter, left } => {
            let task = running(job, &run)?;
            leave(task, left, &mut effects);
            fail(job, run.task, failure, jitter, now, &mut effects)?
        }
        Event::Release { run, why } => release(job, run, why, now, &mut effects)?,
        Event::Abandon { task: name, failure } => {
            let task = find(job, &name)?;
            if task.status != Status::Queued {
                return Err(if task.status.ended() { Refusal::AlreadyFinished } else { Refusal::NotReady });
            }
            fail_for_good(job, name, failure, now)?
        }
        Event::Cancel { reason } => match job.status {
            // Twice is harmless.
            Status::Cancelled => return Ok(effects),
            Status::Completed | Status::Failed => return Err(Refusal::AlreadyFinished),
            Status::Queued | Status::Running => {
                cancel(job, &reason, now, &mut effects);
                Change { task: None, code: Some(Code::Cancelled) }
            }
        },
        Event::Retry { pins } => match job.status {
            Status::Failed | Status::Cancelled | Status::Running => {
                retry(job, pins, &mut effects)?;
                Change { task: None, code: None }
            }
            Status::Completed => return Err(Refusal::AlreadyFinished),
            Status::Queued => return Err(Refusal::NotRetryable(job.status)),
        },
        Event::AddTask { task, most } => {
            let name = task.name.clone();
            add_task(job, *task, most)?;
            ready(job, &name, &mut effects);
            Change { task: Some(name), code: None }
        }
        Event::AddParent { task, parent } => {
            add_parent(job, &task, &parent)?;
            Change { task: Some(task), code: None }
        }
    };
    settle(job, now, &mut effects);
    job.remember(&change, now);
    Ok(effects)
}

/// A run failed: the task is tried again where the code and the policy say so, and fails for good where not.
fn fail(
    job: &mut Job,
    name: TaskName,
    failure: Failure,
    jitter: f64,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Result<Change, Refusal> {
    let policy = job.retry;
    let task = find(job, &name)?;
    if !failure.code.retried() || task.failures.saturating_add(1) >= policy.max_attempts {
        return fail_for_good(job, name, failure, now);
    }
    let code = Some(failure.code);
    task.error = Some(failure);
    let at = now.plus_ms(backoff_ms(policy.backoff_ms, task.failures, jitter));
    task.failures += 1;
    requeue(task, Some(at));
    effects.push(Effect::Ready { task: name.clone(), not_before: Some(at) });
    Ok(Change { task: Some(name), code })
}

fn fail_for_good(job: &mut Job, name: TaskName, failure: Failure, now: Timestamp) -> Result<Change, Refusal> {
    let task = find(job, &name)?;
    let code = Some(failure.code);
    task.error = Some(failure);
    end(task, Status::Failed, now);
    cancel_descendants(job, &name, now);
    Ok(Change { task: Some(name), code })
}

/// A run ended without an outcome.
fn release(
    job: &mut Job,
    run: Run,
    why: Released,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Result<Change, Refusal> {
    let task = running(job, &run)?;
    if let Released::NodeLost { most } = why {
        task.crashes = task.crashes.saturating_add(1);
        if task.crashes >= most {
            let message = format!("the server crashed {most} times while this task was running");
            return fail_for_good(job, run.task, Failure::new(Code::HostError, message), now);
        }
    }
    requeue(task, None);
    effects.push(Effect::Ready { task: run.task.clone(), not_before: None });
    Ok(Change { task: Some(run.task), code: None })
}

fn find<'a>(job: &'a mut Job, name: &TaskName) -> Result<&'a mut Task, Refusal> {
    job.tasks.place(name).and_then(|place| job.tasks.get_mut(place)).ok_or(Refusal::UnknownTask)
}

/// The task, if it runs under just this attempt and lease.
fn running<'a>(job: &'a mut Job, run: &Run) -> Result<&'a mut Task, Refusal> {
    let task = find(job, &run.task)?;
    if task.status == Status::Running && task.attempt == run.attempt && task.lease == Some(run.lease) {
        Ok(task)
    } else {
        Err(Refusal::Stale)
    }
}

fn start(job: &mut Job, name: &TaskName, lease: Lease, now: Timestamp) -> Result<(), Refusal> {
    let task = job.task(name).ok_or(Refusal::UnknownTask)?;
    if task.status != Status::Queued || job.waiting(task, now).is_some() {
        return Err(Refusal::NotReady);
    }
    let task = find(job, name)?;
    task.status = Status::Running;
    task.attempt = Attempt(task.attempt.0.saturating_add(1));
    task.lease = Some(lease);
    task.not_before = None;
    task.started_at = Some(now);
    task.finished_at = None;
    task.usage = Usage::default();
    task.progress = None;
    job.started_at.get_or_insert(now);
    Ok(())
}

/// Keeps what a run left; frees the log of the run before.
fn leave(task: &mut Task, left: Left, effects: &mut Vec<Effect>) {
    task.usage = left.usage;
    task.progress = left.progress;
    effects.extend(task.log.take().map(Effect::Free));
    task.log = left.log;
    task.warnings.extend(left.warnings);
}

fn end(task: &mut Task, status: Status, now: Timestamp) {
    task.status = status;
    task.lease = None;
    task.not_before = None;
    task.finished_at = Some(now);
}

fn requeue(task: &mut Task, not_before: Option<Timestamp>) {
    task.status = Status::Queued;
    task.lease = None;
    task.not_before = not_before;
    task.finished_at = None;
}

/// base × 2^failures, spread over ±25 %, at most [`LONGEST_BACKOFF_MS`].
fn backoff_ms(base: u64, failures: u32, jitter: f64) -> u64 {
    let doubled = base.saturating_mul(1_u64.checked_shl(failures.min(40)).unwrap_or(u64::MAX)).min(LONGEST_BACKOFF_MS);
    let quarter = doubled / 4;
    // `as` saturates, and the fraction is within 0..=1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=2 quarters")]
    let spread = (jitter.clamp(0.0, 1.0) * 2.0 * quarter as f64) as u64;
    (doubled - quarter + spread).min(LONGEST_BACKOFF_MS)
}

/// Says that this task may start, if it may.
fn ready(job: &Job, name: &TaskName, effects: &mut Vec<Effect>) {
    let place = job.tasks.place(name).filter(|place| job.is_unblocked(*place));
    if let Some(task) = place.and_then(|place| job.tasks.get(place)) {
        effects.push(Effect::Ready { task: task.name.clone(), not_before: job.not_before(task) });
    }
}

fn ready_children(job: &Job, parent: &TaskName, effects: &mut Vec<Effect>) {
    let children = job.tasks.place(parent).map_or(&[][..], |place| job.tasks.children(place));
    for place in children.iter().copied().filter(|place| job.is_unblocked(*place)) {
        if let Some(task) = job.tasks.get(place) {
            effects.push(Effect::Ready { task: task.name.clone(), not_before: job.not_before(task) });
        }
    }
}

/// Cancels queued tasks below one that failed or was cancelled. Parents stand before children, so what is cancelled is always
/// reached from an earlier place.
fn cancel_descendants(job: &mut Job, failed: &TaskName, now: Timestamp) {
    let mut below: BTreeSet<usize> = BTreeSet::new();
    below.extend(job.tasks.place(failed).into_iter().flat_map(|place| job.tasks.children(place)));
    while let Some(place) = below.pop_first() {
        let dead = |parent: &&Task| matches!(parent.status, Status::Failed | Status::Cancelled);
        let mut parents: Vec<usize> = job.tasks.parents(place).to_vec();
        parents.sort_unstable();
        let parent = parents.into_iter().filter_map(|parent| job.tasks.get(parent)).find(dead);
        let why = parent.map(|parent| format!("task `{}` is {}, and this task needs it", parent.name, parent.status));
        let queued = job.tasks.get(place).is_some_and(|task| task.status == Status::Queued);
        let (Some(why), true) = (why, queued) else { continue };
        if let Some(task) = job.tasks.get_mut(place) {
            task.error = Some(Failure::new(Code::ParentFailed, why));
            end(task, Status::Cancelled, now);
        }
        below.extend(job.tasks.children(place));
    }
}

fn cancel(job: &mut Job, reason: &str, now: Timestamp, effects: &mut Vec<Effect>) {
    for place in 0..job.tasks.len() {
        if job.tasks.get(place).is_none_or(|task| task.status.ended()) {
            continue;
        }
        let Some(task) = job.tasks.get_mut(place) else { continue };
        stop(task, effects);
        task.error = Some(Failure::new(Code::Cancelled, reason));
        end(task, Status::Cancelled, now);
    }
}

fn stop(task: &Task, effects: &mut Vec<Effect>) {
    if let Some(lease) = task.lease {
        effects.push(Effect::Stop(Run { task: task.name.clone(), attempt: task.attempt, lease }));
    }
}

/// Derives the job's state from its tasks.
fn settle(job: &mut Job, now: Timestamp, effects: &mut Vec<Effect>) {
    job.revision += 1;
    let before = job.status;
    // The state of the job, were all its tasks like this one; the highest rank of all of them holds.
    let rank = |task: &Task| match task.status {
        Status::Completed => 0,
        Status::Cancelled => 1,
        Status::Failed => 2,
        Status::Queued | Status::Running => 3,
    };
    job.status = match job.tasks.iter().map(rank).max().unwrap_or(0) {
        0 => Status::Completed,
        1 => Status::Cancelled,
        2 => Status::Failed,
        _ if job.started_at.is_some() => Status::Running,
        _ => Status::Queued,
    };
    if job.status.ended() && !before.ended() {
        job.finished_at = Some(now);
        effects.push(Effect::Ended(job.status));
    }
}
