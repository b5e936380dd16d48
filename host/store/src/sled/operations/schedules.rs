//! Keeps, replaces and removes schedules.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Schedule, ScheduleState};
use analyte_core::timestamp::Timestamp;

use crate::jobs::named_contents;
use crate::sled::disk::blobs::Blobs;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys;
use crate::sled::format::references::{self, Owner};
use crate::sled::format::schedule_record::{self, StateRecord};
use crate::sled::state::State;
use crate::{KeptSchedule, NewSchedule, Result, ScheduleKept, Staged, StoreError};

/// A schedule whose large contents are written.
pub(crate) struct Prepared {
    schedule: Schedule,
    contents: HashMap<Digest, Staged>,
}

/// Writes large contents.
pub(crate) async fn prepare(blobs: &Arc<Blobs>, new: NewSchedule) -> Result<Prepared> {
    let mut contents = HashMap::new();
    for content in new.contents {
        let content = blobs.stage(content).await?;
        contents.insert(content.content.digest, content);
    }
    Ok(Prepared { schedule: new.schedule, contents })
}

/// Keeps a new one, if there is room for it.
pub(crate) fn create(state: &mut State, new: Prepared, most: u64, now: Timestamp) -> Result<ScheduleKept> {
    let Prepared { mut schedule, contents } = new;
    let has = state.schedules.get(&schedule.organisation).copied().unwrap_or_default();
    if has >= most {
        return Ok(ScheduleKept::Full { has });
    }
    check(state, &schedule, &contents)?;
    let given = state.records.find(keys::SCHEDULES)?;
    let given = given.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
    schedule.number = given + 1;
    schedule.revision = 1;
    state.records.set(keys::SCHEDULES.to_vec(), schedule.number.to_be_bytes().to_vec());
    *state.schedules.entry(schedule.organisation.clone()).or_default() += 1;
    keep_contents(state, &schedule, &contents)?;
    write(state, schedule, ScheduleState::new(now)).map(ScheduleKept::Kept)
}

/// Puts one in place of another.
pub(crate) fn replace(state: &mut State, new: Prepared, revision: u64, now: Option<Timestamp>) -> Result<ScheduleKept> {
    let Prepared { mut schedule, contents } = new;
    let Some(old) = find(state, &schedule.organisation, schedule.id)? else { return Ok(ScheduleKept::NotFound) };
    if old.schedule.revision != revision {
        return Ok(ScheduleKept::Changed { revision: old.schedule.revision });
    }
    check(state, &schedule, &contents)?;
    schedule.number = old.schedule.number;
    schedule.revision = revision + 1;
    keep_contents(state, &schedule, &contents)?;
    let named = named_contents(&schedule.template);
    drop_contents(state, &old.schedule, |digest| !named.contains(digest))?;
    let mut changing = old.state;
    if let Some(now) = now {
        changing.begin(now);
    }
    write(state, schedule, changing).map(ScheduleKept::Kept)
}

/// Says whether there was one.
pub(crate) fn remove(state: &mut State, organisation: &Organisation, id: ScheduleId) -> Result<bool> {
    let Some(old) = find(state, organisation, id)? else { return Ok(false) };
    state.touched_schedules.push(organisation.clone());
    drop_contents(state, &old.schedule, |_| true)?;
    for key in state.records.under(&keys::firings(organisation, id))?.into_keys() {
        state.records.take_away(key)?;
    }
    state.records.take_away(keys::schedule_state(organisation, id))?;
    state.records.take_away(keys::schedule(organisation, id))?;
    if let Some(count) = state.schedules.get_mut(organisation) {
        *count = count.saturating_sub(1);
    }
    Ok(true)
}

/// A schedule as it is now. One that cannot be read is put aside and missing from then on.
fn find(state: &mut State, organisation: &Organisation, id: ScheduleId) -> Result<Option<KeptSchedule>> {
    match schedule_record::find(&state.records, organisation, id) {
        Err(StoreError::Damaged { .. }) => {
            state.quarantine_record_if_damaged(&keys::schedule(organisation, id))?;
            Ok(None)
        }
        found => found,
    }
}

/// Refuses where a content that the template names is neither given nor kept.
fn check(state: &State, schedule: &Schedule, given: &HashMap<Digest, Staged>) -> Result<()> {
    for digest in named_contents(&schedule.template) {
        if !given.contains_key(&digest) && !has(state, schedule, digest)? {
            return Err(StoreError::Missing(digest.to_string()));
        }
    }
    Ok(())
}

fn has(state: &State, schedule: &Schedule, digest: Digest) -> Result<bool> {
    let Schedule { organisation, id, .. } = schedule;
    let blob = references::reference(digest, &Owner::Schedule(organisation, *id));
    let here = keys::schedule_content(organisation, *id, digest);
    Ok(state.records.find(&blob)?.is_some() || state.records.find(&here)?.is_some())
}

fn keep_contents(state: &mut State, schedule: &Schedule, given: &HashMap<Digest, Staged>) -> Result<()> {
    let Schedule { organisation, id, .. } = schedule;
    let named: BTreeSet<Digest> = named_contents(&schedule.template);
    for staged in named.iter().filter_map(|digest| given.get(digest)) {
        let content = &staged.content;
        if has(state, schedule, content.digest)? {
            continue;
        }
        match &staged.inline {
            Some(bytes) => {
                let key = keys::schedule_content(organisation, *id, content.digest);
                state.records.insert(envelope::entries(key, bytes));
            }
            None => state.references.add(&mut state.records, content, &Owner::Schedule(organisation, *id))?,
        }
    }
    Ok(())
}

fn drop_contents(state: &mut State, schedule: &Schedule, which: impl Fn(&Digest) -> bool) -> Result<()> {
    let Schedule { organisation, id, .. } = schedule;
    for digest in named_contents(&schedule.template).into_iter().filter(which) {
        let owner = Owner::Schedule(organisation, *id);
        if !state.references.end(&mut state.records, digest, &owner)? {
            state.records.take_away(keys::schedule_content(organisation, *id, digest))?;
        }
    }
    Ok(())
}

fn write(state: &mut State, schedule: Schedule, changing: ScheduleState) -> Result<KeptSchedule> {
    let Schedule { organisation, id, .. } = &schedule;
    state.touched_schedules.push(organisation.clone());
    state.records.put(keys::schedule(organisation, *id), &envelope::json(&schedule)?)?;
    write_state(state, organisation, *id, &StateRecord { revision: schedule.revision, state: changing.clone() })?;
    Ok(KeptSchedule { schedule: Arc::new(schedule), state: changing })
}

/// Writes what changes with each firing.
pub(crate) fn write_state(
    state: &mut State,
    organisation: &Organisation,
    id: ScheduleId,
    record: &StateRecord,
) -> Result<()> {
    state.records.put(keys::schedule_state(organisation, id), &envelope::json(record)?)
}
