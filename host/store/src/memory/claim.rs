//! Chooses the tasks that a node is given: in the order of the queue, organisations taking turns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use analyte_core::job::transition::Event;
use analyte_core::job::{Job, Status, Task};
use analyte_core::names::{JobId, Organisation, ProviderName, RunKey, SessionId, TaskKey};
use analyte_core::timestamp::Timestamp;

use crate::memory::data::Data;
use crate::runs::left::{Begins, Left};
use crate::{Claimed, Claims, HeldUp, Room};

/// A queued task. Sorts by priority, then age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Queued {
    priority: i32,
    pub(super) job: JobId,
    /// Its place in its job.
    task: usize,
}

/// Tasks of each organisation, in their order.
type Queue = BTreeMap<Organisation, BTreeSet<Queued>>;

/// What runs one at a time.
type Row = (Organisation, SessionId, ProviderName);

fn row(job: &Job, task: &Task) -> Option<Row> {
    job.session.clone().map(|session| (job.organisation.clone(), session, task.provider.clone()))
}

/// Tasks that wait for nothing but their turn, or for another job of their session.
pub(super) fn ready(data: &Data, now: Timestamp) -> Queue {
    let mut queue = Queue::new();
    for entry in data.jobs.values() {
        let job = &entry.job;
        for (place, task) in job.tasks.iter().enumerate() {
            let due = job.not_before(task).is_none_or(|at| at <= now);
            if task.status == Status::Queued && job.parents_completed(task) && due {
                let queued = Queued { priority: job.priority, job: job.id, task: place };
                queue.entry(job.organisation.clone()).or_default().insert(queued);
            }
        }
    }
    queue
}

/// Of those the ones that may start now: of each row the first, while none of it runs.
fn startable(data: &Data, now: Timestamp) -> Queue {
    let tasks = data.jobs.values().flat_map(|entry| entry.job.tasks.iter().map(|task| (&*entry.job, task)));
    let running = tasks.filter(|(_, task)| task.status == Status::Running);
    let mut busy: BTreeSet<Row> = running.filter_map(|(job, task)| row(job, task)).collect();
    let mut queue = ready(data, now);
    for (organisation, tasks) in &mut queue {
        tasks.retain(|queued| {
            let entry = data.jobs.get(&(organisation.clone(), queued.job));
            let row = entry.and_then(|entry| row(&entry.job, entry.job.tasks.get(queued.task)?));
            row.is_none_or(|row| busy.insert(row))
        });
    }
    queue.retain(|_, tasks| !tasks.is_empty());
    queue
}

/// The first task of the organisation that has the fewest, of those that are not done; of several the one whose turn it
/// is after that of `turn`.
fn next(queue: &Queue, turn: Option<&Organisation>, left: &Left<'_>) -> Option<(Organisation, Queued)> {
    let open = queue.iter().filter(|(organisation, _)| !left.done().contains(*organisation));
    let later = |organisation: &Organisation| turn.is_some_and(|turn| organisation <= turn);
    let next = open.min_by_key(|(organisation, _)| (left.counted(organisation), later(organisation), *organisation));
    next.and_then(|(organisation, tasks)| Some((organisation.clone(), *tasks.first()?)))
}

/// When the next task is due that has to wait at `now`.
fn next_due(data: &Data, now: Timestamp) -> Option<Timestamp> {
    let waiting = data.jobs.values().flat_map(|entry| {
        let job = &entry.job;
        let queued = job.tasks.iter().filter(|task| task.status == Status::Queued && job.parents_completed(task));
        queued.filter_map(|task| job.not_before(task)).filter(|at| *at > now)
    });
    waiting.min()
}

/// As many tasks as there is room for.
pub(super) fn claim(data: &mut Data, node: &Arc<str>, room: &Room, now: Timestamp) -> Claims {
    data.claimed_at = data.claimed_at.max(Some(now));
    let mut queue = startable(data, now);
    let mut claims = Claims::default();
    let mut left = Left::new(room);
    while !left.has_enough_held_up() {
        let Some((organisation, queued)) = next(&queue, data.turn.as_ref(), &left) else { break };
        let begins = left.begins(&organisation);
        match begins {
            Begins::AtOnce | Begins::Later => {}
            Begins::Not => {
                left.hold_up(&mut claims, organisation, HeldUp::Tasks);
                continue;
            }
            Begins::Full => {
                // It is the one that runs the fewest, so there is nothing for the others either.
                claims.more = true;
                break;
            }
        }
        let place = (organisation.clone(), queued.job);
        let Some(old) = data.jobs.get(&place).map(|entry| Arc::clone(&entry.job)) else { break };
        let Some(task) = old.tasks.get(queued.task) else { break };
        if let Err(why) = left.take(&old, task, begins) {
            left.hold_up(&mut claims, organisation, why);
            continue;
        }
        let lease = data.lease();
        let start = Event::Start { task: task.name.clone(), lease };
        // Refused only where the clock was set back: the task waits for its time again.
        let Some(Ok(changed)) = data.apply(&place, start, Vec::new(), now) else { break };
        if let Some(tasks) = queue.get_mut(&organisation) {
            tasks.remove(&queued);
            if tasks.is_empty() {
                queue.remove(&organisation);
            }
        }
        data.turn = Some(organisation.clone());
        data.nodes.insert(lease, Arc::clone(node));
        let attempt = changed.job.task(&task.name).map(|task| task.attempt).unwrap_or_default();
        let key = TaskKey { organisation, job: old.id, task: task.name.clone() };
        claims.claimed.push(Claimed { run: RunKey { key, attempt, lease }, job: changed.job });
    }
    claims.more |= left.has_enough_held_up();
    claims.next_due = next_due(data, now);
    claims
}
