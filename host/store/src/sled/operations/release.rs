//! Gives runs back to the queue: one by one, or all those of a lost node.

use analyte_core::job::transition::{Event, Released};
use analyte_core::names::RunKey;
use analyte_core::timestamp::Timestamp;

use crate::sled::operations::apply::{Applied, apply_event, run_of};
use crate::sled::state::State;
use crate::{Changed, Result};

/// One answer each, in order.
pub(crate) fn release(
    state: &mut State,
    runs: Vec<(RunKey, Released)>,
    now: Timestamp,
) -> Result<Vec<Option<Changed>>> {
    let mut answers = Vec::with_capacity(runs.len());
    for (run, why) in runs {
        answers.push(release_one(state, run, why, now)?);
    }
    Ok(answers)
}

fn release_one(state: &mut State, run: RunKey, why: Released, now: Timestamp) -> Result<Option<Changed>> {
    let event = Event::Release { run: run_of(&run), why };
    let place = (run.key.organisation, run.key.job);
    Ok(match apply_event(state, &place, event, &[], now)? {
        Applied::Changed(changed) => Some(changed),
        Applied::Refused(_) | Applied::NotFound => None,
    })
}

/// Releases what ran on `node`, and what ran when this store was opened: the process that ran that is gone.
pub(crate) fn recover(state: &mut State, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64> {
    let lost = |node_of: Option<&str>| node_of.is_none_or(|holder| holder == node);
    let mut runs: Vec<RunKey> = state
        .running
        .values()
        .filter(|running| lost(running.node.as_deref()))
        .map(|running| running.run.clone())
        .collect();
    runs.sort_by_key(|run| run.lease);
    let mut released = 0;
    for run in runs {
        released += u64::from(release_one(state, run, Released::NodeLost { most: most_crashes }, now)?.is_some());
    }
    Ok(released)
}
