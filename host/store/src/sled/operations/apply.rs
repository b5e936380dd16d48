//! Applies one event to one job.

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::job::transition::{Effect, Event, Refusal, Run, apply};
use analyte_core::names::RunKey;
use analyte_core::timestamp::Timestamp;

use crate::jobs::named_by;
use crate::sled::format::keys::Place;
use crate::sled::state::State;
use crate::{Changed, Result, Staged, StoreError};

/// What became of an event.
pub(crate) enum Applied {
    Changed(Changed),
    Refused(Refusal),
    NotFound,
}

/// Lets an event happen; `contents` are those that it brings.
pub(crate) fn apply_event(
    state: &mut State,
    place: &Place,
    event: Event,
    contents: &[Staged],
    now: Timestamp,
) -> Result<Applied> {
    let Some(old) = state.load(place)? else { return Ok(Applied::NotFound) };
    let mut new = Job::clone(&old);
    let effects = match apply(&mut new, event, now) {
        Ok(effects) => effects,
        Err(refusal) => return Ok(Applied::Refused(refusal)),
    };
    if new.revision == old.revision {
        return Ok(Applied::Changed(Changed { job: old, effects }));
    }
    let freed = effects.iter().filter_map(|effect| match effect {
        Effect::Free(content) => Some(content.digest),
        Effect::Ready { .. } | Effect::Stop(_) | Effect::Ended(_) => None,
    });
    let freed: Vec<_> = freed.collect();
    let job = state.write_change(&old, new, (contents, &freed), now)?;
    Ok(Applied::Changed(Changed { job, effects }))
}

/// One of the events that a client or an operator asks for; those of a run come with the run.
pub(crate) fn apply_request(
    state: &mut State,
    place: &Place,
    event: Event,
    now: Timestamp,
) -> Result<Option<std::result::Result<Changed, Refusal>>> {
    let asked_for = matches!(event, Event::Cancel { .. } | Event::Retry { .. } | Event::Abandon { .. });
    if !asked_for {
        return Ok(state.load(place)?.map(|_| Err(Refusal::Stale)));
    }
    Ok(match apply_event(state, place, event, &[], now)? {
        Applied::Changed(changed) => Some(Ok(changed)),
        Applied::Refused(refusal) => Some(Err(refusal)),
        Applied::NotFound => None,
    })
}

/// Adds a task to a job, or a parent to a task; every content that the task names must be given.
pub(crate) fn extend(
    state: &mut State,
    place: &Place,
    event: Event,
    contents: &[Staged],
    now: Timestamp,
) -> Result<Option<std::result::Result<Changed, Refusal>>> {
    match &event {
        Event::AddTask { task, .. } => {
            let given = |digest: Digest| contents.iter().any(|staged| staged.content.digest == digest);
            if let Some(missing) = named_by(task).find(|digest| !given(*digest)) {
                return Err(StoreError::Missing(missing.to_string()));
            }
        }
        Event::AddParent { .. } => {}
        _ => return Ok(state.load(place)?.map(|_| Err(Refusal::Stale))),
    }
    Ok(match apply_event(state, place, event, contents, now)? {
        Applied::Changed(changed) => Some(Ok(changed)),
        Applied::Refused(refusal) => Some(Err(refusal)),
        Applied::NotFound => None,
    })
}

/// The run, as the state machine names it.
pub(crate) fn run_of(run: &RunKey) -> Run {
    Run { task: run.key.task.clone(), attempt: run.attempt, lease: run.lease }
}
