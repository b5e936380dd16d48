//! Lets one event happen to one job.

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, Refusal, apply};
use analyte_core::timestamp::Timestamp;

use super::work::{Place, Work};
use crate::{Changed, Result, Staged};

/// What became of an event.
pub(super) enum Applied {
    Changed(Changed),
    Refused(Refusal),
    NotFound,
}

/// Lets an event happen; `contents` are those that it brings.
pub(super) fn apply_event(
    work: &mut Work,
    place: &Place,
    event: Event,
    contents: &[Staged],
    now: Timestamp,
) -> Result<Applied> {
    let Some(old) = work.load(place)? else { return Ok(Applied::NotFound) };
    let mut new = Job::clone(&old);
    let effects = match apply(&mut new, event, now) {
        Ok(effects) => effects,
        Err(refusal) => return Ok(Applied::Refused(refusal)),
    };
    if new.revision == old.revision {
        return Ok(Applied::Changed(Changed { job: old, effects }));
    }
    let job = work.save(&old, new, contents, now)?;
    Ok(Applied::Changed(Changed { job, effects }))
}

/// One of the events that somebody asks for; those of a run come with the run.
pub(super) fn apply_request(
    work: &mut Work,
    place: &Place,
    event: Event,
    now: Timestamp,
) -> Result<Option<std::result::Result<Changed, Refusal>>> {
    let asked_for = matches!(event, Event::Cancel { .. } | Event::Retry { .. } | Event::Abandon { .. });
    if !asked_for {
        return Ok(work.load(place)?.map(|_| Err(Refusal::Stale)));
    }
    Ok(match apply_event(work, place, event, &[], now)? {
        Applied::Changed(changed) => Some(Ok(changed)),
        Applied::Refused(refusal) => Some(Err(refusal)),
        Applied::NotFound => None,
    })
}
