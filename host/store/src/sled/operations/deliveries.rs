//! Gives out deliveries that are due, and keeps what became of them.

use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Outbox;

use crate::sled::state::State;
use crate::{Due, DueDelivery, Result, SendRoom, Tried};

/// What is due. Nothing is written: what is being sent is known to the sender alone, and is due again where that is lost.
pub(crate) fn due(state: &mut State, room: &SendRoom, now: Timestamp) -> Result<Due> {
    let (waiting, next) = state.pending.due(room, now);
    let mut deliveries = Vec::with_capacity(waiting.len());
    for one in waiting {
        let place = (one.organisation, one.key.job);
        let (job, outbox) = (state.load(&place)?, state.load_outbox(&place)?);
        let delivery = outbox.delivery(one.key.id).filter(|delivery| delivery.due().is_some()).cloned();
        match (job, delivery) {
            (Some(job), Some(delivery)) => {
                deliveries.push(DueDelivery { job, destination: one.destination, delivery });
            }
            // One of the two could not be read, and was put aside.
            _ => state.forget_waiting(&place.0, &one.destination, &one.key),
        }
    }
    Ok(Due { deliveries, next })
}

/// One answer each, in order.
pub(crate) fn tried(state: &mut State, tries: Vec<Tried>) -> Result<Vec<bool>> {
    let mut answers = Vec::with_capacity(tries.len());
    for Tried { organisation, job, attempted } in tries {
        let place = (organisation, job);
        let Some(job) = state.load(&place)? else {
            answers.push(false);
            continue;
        };
        let old = state.load_outbox(&place)?;
        let mut new = Outbox::clone(&old);
        let changed = new.tried(attempted);
        if changed {
            state.write_outbox(&job, &old, &new)?;
        }
        answers.push(changed);
    }
    Ok(answers)
}
