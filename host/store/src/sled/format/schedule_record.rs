//! How a schedule lies in the tree: what it is in one record, what changes with each firing in another, and each entry of
//! its history in one of its own; all of them as JSON.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Firing, Schedule, ScheduleState};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sled::IVec;

use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys;
use crate::{KeptSchedule, Result, StoreError};

/// What changes with each firing, and of which revision the schedule is: a firing looks at nothing else.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StateRecord {
    pub(crate) revision: u64,
    pub(crate) state: ScheduleState,
}

fn damaged() -> StoreError {
    StoreError::Damaged { what: "the record of a schedule".to_owned() }
}

/// The schedule; `None`: there is none.
pub(crate) fn find(from: &impl Find, organisation: &Organisation, id: ScheduleId) -> Result<Option<KeptSchedule>> {
    let key = keys::schedule(organisation, id);
    let Some(bytes) = envelope::read_here(from, &key)? else { return Ok(None) };
    let schedule: Schedule = envelope::parse(&key, &bytes)?;
    let state = find_state(from, organisation, id)?.ok_or_else(damaged)?;
    if schedule.organisation != *organisation || schedule.id != id || schedule.revision != state.revision {
        return Err(damaged());
    }
    Ok(Some(KeptSchedule { schedule: Arc::new(schedule), state: state.state }))
}

/// Its state alone.
pub(crate) fn find_state(from: &impl Find, organisation: &Organisation, id: ScheduleId) -> Result<Option<StateRecord>> {
    let key = keys::schedule_state(organisation, id);
    match envelope::read_here(from, &key)? {
        Some(bytes) => envelope::parse(&key, &bytes).map(Some),
        None => Ok(None),
    }
}

/// Reads one entry of the history as it lies there.
pub(crate) fn read_firing(from: &impl Find, key: &[u8], head: IVec) -> Result<Firing> {
    envelope::parse(key, &envelope::open_here(from, key, head)?)
}

/// Bytes of a content of a template; `None`: it is a blob, or not there.
pub(crate) fn content_here(
    tree: &sled::Tree,
    organisation: &Organisation,
    id: ScheduleId,
    digest: Digest,
) -> Result<Option<Bytes>> {
    Ok(envelope::read_here(tree, &keys::schedule_content(organisation, id, digest))?.map(envelope::owned))
}
