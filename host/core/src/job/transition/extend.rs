//! A job gets a further task, or a task a further parent, as long as nothing of the job has begun.
//!
//! Tasks keep their places: clients know them by these. So a new task stands last, and a parent stands before its child, by
//! which there can be no circle.

use super::Refusal;
use crate::job::{Input, Job, Status, Task};
use crate::names::{Attempt, TaskName};

/// Refuses a job of which a task has run, or that has ended.
fn has_not_begun(job: &Job) -> Result<(), Refusal> {
    if job.status.ended() {
        return Err(Refusal::AlreadyFinished);
    }
    let waits = |task: &Task| task.status == Status::Queued && task.attempt == Attempt(0);
    if job.status == Status::Queued && job.tasks.iter().all(waits) { Ok(()) } else { Err(Refusal::Begun) }
}

/// Adds a task that waits, whose parents the job has; the job may then have up to `most`.
pub(super) fn add_task(job: &mut Job, task: Task, most: u64) -> Result<(), Refusal> {
    has_not_begun(job)?;
    if job.tasks.len() as u64 >= most {
        return Err(Refusal::TooManyTasks);
    }
    if job.tasks.place(&task.name).is_some() {
        return Err(Refusal::NameTaken);
    }
    if task.parents.iter().chain(task.input.results_of()).any(|parent| job.tasks.place(parent).is_none()) {
        return Err(Refusal::UnknownTask);
    }
    job.tasks.push(task);
    Ok(())
}

/// Lets a task wait for another one that stands before it. One that takes results takes those of its new parent too, after the
/// others.
pub(super) fn add_parent(job: &mut Job, child: &TaskName, parent: &TaskName) -> Result<(), Refusal> {
    has_not_begun(job)?;
    let before = job.tasks.place(parent).ok_or(Refusal::UnknownTask)?;
    let place = job.tasks.place(child).ok_or(Refusal::UnknownTask)?;
    if before >= place {
        return Err(Refusal::ParentAfterChild);
    }
    let mut task = job.tasks.get(place).ok_or(Refusal::UnknownTask)?.clone();
    if task.parents.contains(parent) {
        return Err(Refusal::AlreadyParent);
    }
    task.parents.push(parent.clone());
    if let Input::Results { of } = &mut task.input {
        of.push(parent.clone());
    }
    job.tasks.replace(place, task);
    Ok(())
}
