//! Writes what is to be said of a job's change, in the step that changes the job, and what became of it.

use std::collections::{BTreeMap, BTreeSet};

use analyte_core::job::{Job, Status};
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::{Destination, NoticeId, Outbox, notifies};

use crate::deliveries::NoticeKey;
use crate::sled::format::keys::{self, Place};
use crate::sled::format::{envelope, outbox_record};
use crate::sled::state::State;
use crate::{Result, StoreError};

/// What waits, by destination.
fn by_destination(job: &Job, outbox: &Outbox) -> BTreeMap<Destination, Vec<(Timestamp, NoticeId)>> {
    let mut waiting: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (due, id) in outbox.pending() {
        if let Some(webhook) = job.webhooks.get(usize::from(id.webhook)) {
            waiting.entry(webhook.destination.clone()).or_default().push((due, id));
        }
    }
    waiting
}

impl State {
    /// Notes that a job came into the state in which it is; `before` is that before, `None` where it was just submitted.
    pub(crate) fn note(&mut self, job: &Job, before: Option<Status>, now: Timestamp) -> Result<()> {
        if !notifies(job, before) {
            return Ok(());
        }
        let old = self.load_outbox(&(job.organisation.clone(), job.id))?;
        let mut new = old.clone();
        if new.note(job, before, now) { self.write_outbox(job, &old, &new) } else { Ok(()) }
    }

    /// The outbox of a job. One that cannot be read is put aside, and empty from then on.
    pub(crate) fn load_outbox(&mut self, place: &Place) -> Result<Outbox> {
        match outbox_record::find(&self.records, &place.0, place.1) {
            Ok(found) => Ok(found.unwrap_or_default()),
            Err(StoreError::Damaged { what }) => {
                self.quarantine(&keys::outbox(&place.0, place.1), &what)?;
                self.records.remove(keys::undelivered(&place.0, place.1));
                Ok(Outbox::default())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes an outbox in place of what it was.
    pub(crate) fn write_outbox(&mut self, job: &Job, old: &Outbox, new: &Outbox) -> Result<()> {
        let place = (job.organisation.clone(), job.id);
        self.records.put(keys::outbox(&place.0, place.1), &envelope::json(new)?)?;
        let (waited, waits) = (old.pending().next().is_some(), new.pending().next().is_some());
        if waits && !waited {
            self.records.set(keys::undelivered(&place.0, place.1), Vec::new());
        } else if waited && !waits {
            self.records.remove(keys::undelivered(&place.0, place.1));
        }
        self.touched.push(place);
        self.waits(job, old, new);
        Ok(())
    }

    /// Removes the outbox of a job that goes.
    pub(crate) fn drop_outbox(&mut self, job: &Job) -> Result<()> {
        let place = (job.organisation.clone(), job.id);
        let old = self.load_outbox(&place)?;
        self.records.take_away(keys::outbox(&place.0, place.1))?;
        self.records.remove(keys::undelivered(&place.0, place.1));
        self.waits(job, &old, &Outbox::default());
        Ok(())
    }

    /// Takes up an outbox of which something waits, found when the store opened.
    pub(crate) fn found_outbox(&mut self, place: &Place) -> Result<()> {
        let Some(job) = self.load(place)? else {
            // It was put aside. Its outbox stays beside it, for an operator who mends it.
            self.records.remove(keys::undelivered(&place.0, place.1));
            return Ok(());
        };
        let outbox = self.load_outbox(place)?;
        self.waits(&job, &Outbox::default(), &outbox);
        Ok(())
    }

    /// Takes out of what waits what cannot be read.
    pub(crate) fn forget_waiting(&mut self, organisation: &Organisation, destination: &Destination, key: &NoticeKey) {
        tracing::error!(job = %key.job, notice = %key.id, "a notification that waited is not there; it is not delivered");
        let count = self.pending.forget(organisation, destination, key);
        self.pending_changed.insert(organisation.clone(), count);
    }

    /// Says in memory what waits.
    fn waits(&mut self, job: &Job, old: &Outbox, new: &Outbox) {
        let (before, after) = (by_destination(job, old), by_destination(job, new));
        let destinations: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for destination in destinations {
            let of = |waiting: &BTreeMap<Destination, Vec<_>>| waiting.get(destination).cloned().unwrap_or_default();
            let place = (&job.organisation, job.id);
            let count = self.pending.change(place, destination, &of(&before), &of(&after));
            self.pending_changed.insert(job.organisation.clone(), count);
        }
    }
}
