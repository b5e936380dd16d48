//! Cancels several jobs in one step.

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, Refusal, apply};
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;

use crate::sled::operations::apply::{Applied, apply_event};
use crate::sled::state::State;
use crate::{CancelAnswer, CancelRule, Result};

/// What stands against a job's cancellation.
enum Obstacle {
    Refused(Refusal),
    NotFound,
}

fn obstacle(
    state: &mut State,
    organisation: &Organisation,
    id: JobId,
    rule: &CancelRule,
    now: Timestamp,
) -> Result<Option<Obstacle>> {
    let Some(job) = state.load(&(organisation.clone(), id))? else { return Ok(Some(Obstacle::NotFound)) };
    if let Some(refusal) = rule.refuses(&job) {
        return Ok(Some(Obstacle::Refused(refusal)));
    }
    let mut tried = Job::clone(&job);
    let refused = apply(&mut tried, Event::Cancel { reason: String::new() }, now).err();
    Ok(refused.map(Obstacle::Refused))
}

/// One answer each, in order. A job that cannot be cancelled, or does not exist, holds an all-or-nothing rule back.
pub(crate) fn cancel_if(
    state: &mut State,
    organisation: &Organisation,
    rule: &CancelRule,
    now: Timestamp,
) -> Result<Vec<(JobId, CancelAnswer)>> {
    let mut obstacles = Vec::with_capacity(rule.jobs.len());
    for id in &rule.jobs {
        obstacles.push(obstacle(state, organisation, *id, rule, now)?);
    }
    let held_back = rule.all_or_nothing && obstacles.iter().any(Option::is_some);
    let mut answers = Vec::with_capacity(rule.jobs.len());
    for (id, obstacle) in rule.jobs.iter().zip(obstacles) {
        let answer = match obstacle {
            Some(Obstacle::NotFound) => CancelAnswer::NotFound,
            Some(Obstacle::Refused(refusal)) => CancelAnswer::Refused(refusal),
            None if held_back => CancelAnswer::Untouched,
            None => {
                let event = Event::Cancel { reason: rule.reason.clone() };
                match apply_event(state, &(organisation.clone(), *id), event, &[], now)? {
                    Applied::Changed(changed) => CancelAnswer::Cancelled(changed),
                    Applied::Refused(refusal) => CancelAnswer::Refused(refusal),
                    Applied::NotFound => CancelAnswer::NotFound,
                }
            }
        };
        answers.push((*id, answer));
    }
    Ok(answers)
}
