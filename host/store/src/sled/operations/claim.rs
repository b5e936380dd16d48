//! Gives tasks to a node.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{RunKey, TaskKey};
use analyte_core::timestamp::Timestamp;

use crate::runs::left::{Begins, Left};
use crate::sled::format::job_record::Start;
use crate::sled::state::State;
use crate::{Claimed, Claims, HeldUp, Result, Room};

/// As many tasks as there is room for. On a store of one node a lease ends with its run, not with time: its holder
/// is this process, or died with it.
pub(crate) fn claim(state: &mut State, node: &Arc<str>, room: &Room, now: Timestamp) -> Result<Claims> {
    let mut claims = Claims::default();
    let mut left = Left::new(room);
    while !left.has_enough_held_up() {
        let next = state.queue.next(now, left.done(), |organisation| left.counted(organisation));
        let Some((organisation, entry)) = next else { break };
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
        let old = state.load(&(organisation.clone(), entry.job))?;
        let Some((old, task)) = old.as_ref().and_then(|old| Some((old, old.tasks.get(entry.task)?))) else {
            // It could not be read.
            state.queue.take(&organisation, &entry);
            continue;
        };
        if let Err(why) = left.take(old, task, begins) {
            left.hold_up(&mut claims, organisation, why);
            continue;
        }
        state.queue.take(&organisation, &entry);
        let task = task.name.clone();
        let lease = state.lease();
        let mut new = Job::clone(old);
        if let Err(refusal) = apply(&mut new, Event::Start { task: task.clone(), lease }, now) {
            // Only where the clock was set back: the task waits for its time again.
            tracing::warn!(job = %old.id, %task, %refusal, "a task that was ready could not start");
            state.queue.add(old);
            break;
        }
        let attempt = new.task(&task).map(|task| task.attempt).unwrap_or_default();
        let key = TaskKey { organisation, job: old.id, task: task.clone() };
        let job = state.write_start(old, new, Start { task, lease, at: now }, node)?;
        claims.claimed.push(Claimed { run: RunKey { key, attempt, lease }, job });
    }
    claims.more |= left.has_enough_held_up();
    claims.next_due = state.queue.next_due(now);
    Ok(claims)
}
