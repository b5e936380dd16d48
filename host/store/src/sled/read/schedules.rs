//! Schedules, their history, and what their templates name.

use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::Firing;

use crate::sled::disk::errors::broken;
use crate::sled::format::{keys, schedule_record};
use crate::{KeptSchedule, Result, StoreError};

/// What was found, and the keys of records that cannot be read and are left out.
#[derive(Debug)]
pub(crate) struct Found<T> {
    pub(crate) found: Vec<T>,
    pub(crate) damaged: Vec<Vec<u8>>,
}

/// Schedules whose keys lie in this range, from its begin or from its end.
pub(crate) fn list(
    tree: &sled::Tree,
    from: Vec<u8>,
    to: Vec<u8>,
    back: bool,
    most: usize,
) -> Result<Found<KeptSchedule>> {
    let mut listed = Found { found: Vec::new(), damaged: Vec::new() };
    let mut range = tree.range(from..to);
    while listed.found.len() < most {
        let Some(entry) = (if back { range.next_back() } else { range.next() }) else { break };
        let (key, _) = entry.map_err(|error| broken("read schedules", error))?;
        let Some((organisation, id)) = keys::of_schedule(&key) else { continue };
        match schedule_record::find(tree, &organisation, id) {
            Ok(found) => listed.found.extend(found),
            Err(StoreError::Damaged { .. }) => listed.damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    Ok(listed)
}

/// Several schedules, in order; `None`: it is not there, or cannot be read.
pub(crate) fn several(tree: &sled::Tree, wanted: &[(Organisation, ScheduleId)]) -> Result<Found<Option<KeptSchedule>>> {
    let mut several = Found { found: Vec::with_capacity(wanted.len()), damaged: Vec::new() };
    for (organisation, id) in wanted {
        several.found.push(match schedule_record::find(tree, organisation, *id) {
            Ok(found) => found,
            Err(StoreError::Damaged { .. }) => {
                several.damaged.push(keys::schedule(organisation, *id));
                None
            }
            Err(error) => return Err(error),
        });
    }
    Ok(several)
}

/// The history of a schedule, newest first, below this number.
pub(crate) fn firings(
    tree: &sled::Tree,
    organisation: &Organisation,
    id: ScheduleId,
    before: Option<u64>,
    most: usize,
) -> Result<Option<Found<Firing>>> {
    if schedule_record::find_state(tree, organisation, id)?.is_none() {
        return Ok(None);
    }
    let mut listed = Found { found: Vec::new(), damaged: Vec::new() };
    let range = keys::firings(organisation, id)..keys::firing(organisation, id, before.unwrap_or(u64::MAX));
    for entry in tree.range(range).rev() {
        if listed.found.len() >= most {
            break;
        }
        let (key, head) = entry.map_err(|error| broken("read the history of a schedule", error))?;
        match schedule_record::read_firing(tree, &key, head) {
            Ok(firing) => listed.found.push(firing),
            Err(StoreError::Damaged { .. }) => listed.damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(listed))
}
