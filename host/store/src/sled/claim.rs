//! Gives tasks to a node.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{RunKey, TaskKey};
use analyte_core::timestamp::Timestamp;

use super::job_record::Start;
use super::work::Work;
use crate::{Claimed, Claims, Result, Room};

/// As many tasks as there is room for. On a store of one node a lease ends with its run, not with time: whoever holds it
/// is this process, or died with it.
pub(super) fn claim(work: &mut Work, node: &Arc<str>, room: &Room, now: Timestamp) -> Result<Claims> {
    let mut claims = Claims::default();
    let mut memory = room.memory_bytes;
    while claims.claimed.len() < room.tasks.saturating_add(room.ahead) {
        let Some((organisation, entry)) = work.queue.next(now) else { break };
        let old = work.load(&(organisation.clone(), entry.job))?;
        let Some((old, task, digest)) = old.and_then(|old| {
            let task = old.tasks.get(entry.task)?;
            let (name, digest) = (task.name.clone(), task.digest);
            Some((old, name, digest))
        }) else {
            // It could not be read.
            work.queue.take(&organisation, &entry);
            continue;
        };
        let at_once = claims.claimed.len() < room.tasks;
        if !at_once && (old.session.is_some() || !room.quick.contains(&digest)) {
            break;
        }
        let needs = old.limits.memory_bytes.saturating_add(room.extra_bytes).min(room.whole_bytes);
        let Some(left) = memory.checked_sub(needs) else {
            // What would only wait does not lack it.
            claims.lacks_memory = at_once;
            break;
        };
        work.queue.take(&organisation, &entry);
        let lease = work.lease();
        let mut new = Job::clone(&old);
        if let Err(refusal) = apply(&mut new, Event::Start { task: task.clone(), lease }, now) {
            // Only where the clock was set back: the task waits for its time again.
            tracing::warn!(job = %old.id, %task, %refusal, "a task that was ready could not start");
            work.queue.add(&old);
            break;
        }
        // Those that begin later take what others have given back by then.
        memory = if at_once { left } else { memory };
        let attempt = new.task(&task).map(|task| task.attempt).unwrap_or_default();
        let key = TaskKey { organisation, job: old.id, task: task.clone() };
        let job = work.save_start(&old, new, Start { task, lease, at: now }, node)?;
        claims.claimed.push(Claimed { run: RunKey { key, attempt, lease }, job });
    }
    claims.next_due = work.queue.next_due(now);
    Ok(claims)
}
