//! Gives tasks to a node.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{RunKey, TaskKey};
use analyte_core::timestamp::Timestamp;

use super::job_record::Start;
use super::work::Work;
use crate::{Claimed, Claims, Result};

/// Up to `n` tasks. On a store of one node a lease ends with its run, not with time: whoever holds it is this process, or
/// died with it.
pub(super) fn claim(work: &mut Work, node: &Arc<str>, n: usize, now: Timestamp) -> Result<Claims> {
    let mut claimed = Vec::new();
    while claimed.len() < n {
        let Some((organisation, entry)) = work.queue.take(now) else { break };
        let Some(old) = work.load(&(organisation.clone(), entry.job))? else { continue };
        let Some(task) = old.tasks.get(entry.task).map(|task| task.name.clone()) else { continue };
        let lease = work.lease();
        let mut new = Job::clone(&old);
        if let Err(refusal) = apply(&mut new, Event::Start { task: task.clone(), lease }, now) {
            // Only where the clock was set back: the task waits for its time again.
            tracing::warn!(job = %old.id, %task, %refusal, "a task that was ready could not start");
            work.queue.add(&old);
            break;
        }
        let attempt = new.task(&task).map(|task| task.attempt).unwrap_or_default();
        let key = TaskKey { organisation, job: old.id, task: task.clone() };
        let job = work.save_start(&old, new, Start { task, lease, at: now }, node)?;
        claimed.push(Claimed { run: RunKey { key, attempt, lease }, job });
    }
    Ok(Claims { claimed, next_due: work.queue.next_due(now) })
}
