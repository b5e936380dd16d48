//! How a block of what a run reported lies in the tree: under the id of its last event; the ids of those before it are
//! one less each.

use analyte_core::job::event::{EventId, Happened, JobEvent, RunEvent};
use analyte_core::names::{Attempt, TaskName};
use serde::{Deserialize, Serialize};

use crate::sled::format::{envelope, keys};
use crate::{Result, StoreError};

/// What a run reported in one call, or a part of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) task: TaskName,
    pub(crate) attempt: Attempt,
    /// Under the name that stored blocks have.
    #[serde(rename = "told")]
    pub(crate) events: Vec<RunEvent>,
}

/// The events of one block, oldest first.
pub(crate) fn read_block(from: &impl envelope::Find, key: &[u8], head: sled::IVec) -> Result<Vec<JobEvent>> {
    let damaged = || StoreError::Damaged { what: "a block of what a run reported".to_owned() };
    let envelope::Value::Here(bytes) = envelope::open(from, key, head)? else { return Err(damaged()) };
    let Block { task, attempt, events } = envelope::parse(key, &bytes)?;
    let last = keys::of_run_events(key).ok_or_else(damaged)?;
    let first = last.0.checked_add(1).and_then(|end| end.checked_sub(events.len() as u64)).ok_or_else(damaged)?;
    let event = |(id, event): (u64, RunEvent)| JobEvent {
        id: EventId(id),
        at: event.at,
        what: Happened::Reported { task: task.clone(), attempt, what: event.what },
    };
    Ok((first..).zip(events).map(event).collect())
}
