//! Gives runs back to the queue: one by one, or all those of a lost node.

use analyte_core::job::transition::{Event, Released};
use analyte_core::names::RunKey;
use analyte_core::timestamp::Timestamp;

use super::apply::{Applied, apply_event};
use super::finish::run_of;
use super::work::Work;
use crate::{Changed, Result};

/// One answer each, in order.
pub(super) fn release(work: &mut Work, runs: Vec<(RunKey, Released)>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
    let mut answers = Vec::with_capacity(runs.len());
    for (run, why) in runs {
        answers.push(release_one(work, run, why, now)?);
    }
    Ok(answers)
}

fn release_one(work: &mut Work, run: RunKey, why: Released, now: Timestamp) -> Result<Option<Changed>> {
    let event = Event::Release { run: run_of(&run), why };
    let place = (run.key.organisation, run.key.job);
    Ok(match apply_event(work, &place, event, &[], now)? {
        Applied::Changed(changed) => Some(changed),
        Applied::Refused(_) | Applied::NotFound => None,
    })
}

/// Releases what ran on `node`, and what ran when this store was opened: whoever ran that is gone.
pub(super) fn recover(work: &mut Work, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64> {
    let lost = |node_of: Option<&str>| node_of.is_none_or(|holder| holder == node);
    let mut runs: Vec<RunKey> = work
        .running
        .values()
        .filter(|running| lost(running.node.as_deref()))
        .map(|running| running.run.clone())
        .collect();
    runs.sort_by_key(|run| run.lease);
    let mut released = 0;
    for run in runs {
        released += u64::from(release_one(work, run, Released::NodeLost { most: most_crashes }, now)?.is_some());
    }
    Ok(released)
}
