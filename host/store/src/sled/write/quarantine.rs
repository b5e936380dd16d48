//! Puts records aside that cannot be read, so that one of them never stops the rest.
//!
//! What was put aside stays, under its key, for an operator to look into; it is counted once. What the store still has
//! in memory, or finds elsewhere, is written anew.

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::names::JobId;

use crate::sled::format::envelope::{self, Find};
use crate::sled::format::job_record::Since;
use crate::sled::format::keys::{self, Class, Place};
use crate::sled::format::{
    document_record, file_record, idempotency, job_record, journal_block, run_event_block, schedule_record,
};
use crate::sled::state::State;
use crate::sled::write::write_job;
use crate::{Result, StoreError};

impl State {
    /// Moves the value of a key, as it is, to the quarantine.
    pub(crate) fn quarantine(&mut self, key: &[u8], what: &str) -> Result<()> {
        let Some(head) = self.records.find(key)? else { return Ok(()) };
        let mut value = head.to_vec();
        for number in 0..envelope::pieces(&head) {
            if let Some(piece) = self.records.find(&keys::piece(key, number))? {
                value.extend_from_slice(&piece);
            }
        }
        self.records.take_away(key.to_vec())?;
        let aside = keys::quarantine(key);
        // A record that was written anew may be damaged again.
        if self.records.find(&aside)?.is_none() {
            self.quarantined += 1;
        }
        self.records.put(aside, &value)?;
        tracing::error!(what, key = %key.escape_ascii(), "a damaged record was put aside");
        Ok(())
    }

    /// Puts what is damaged of a job aside, and says what is left of it: the job as the store has it in memory, or as
    /// it was before its last starts, or after as many of its steps as can be read, or nothing.
    pub(crate) fn mend_job(&mut self, place: &Place, what: &str) -> Result<Option<Job>> {
        let (organisation, id) = place;
        let starts_key = keys::starts(organisation, *id);
        let Some((job_key, value)) = job_record::find(&self.records, organisation, *id)? else { return Ok(None) };
        let whole = match job_record::read_as_far_as_possible(&self.records, organisation, *id) {
            Ok(whole) => whole,
            Err(StoreError::Damaged { .. }) => None,
            Err(error) => return Err(error),
        };
        let read = whole.as_ref().map_or(0, |(_, steps)| *steps);
        let steps = match job_record::read_since(&self.records, organisation, *id) {
            Ok(Since::Steps { steps }) => Some(steps),
            Ok(Since::Starts(_)) | Err(StoreError::Damaged { .. }) => None,
            Err(error) => return Err(error),
        };
        if let (Some(_), Some(_)) = (&whole, steps.filter(|steps| read < *steps)) {
            self.quarantine(&keys::step(organisation, *id, read), what)?;
            self.records.take_away(starts_key)?;
        } else if whole.is_some() {
            self.quarantine(&starts_key, what)?;
        } else if self.warm(place).is_some() {
            self.quarantine(&job_key, what)?;
            self.records.take_away(starts_key)?;
        }
        self.touched.push(place.clone());
        let since = self.since.remove(place);
        let left = match (self.warm(place), whole, since) {
            (Some(job), ..) => Job::clone(job),
            (None, Some((mut job, _)), Some(Since::Starts(starts))) => {
                job_record::replay(&mut job, starts)?;
                job
            }
            // Which of its tasks started, and what became of them in steps that cannot be read, is lost. They start again,
            // under new leases, and no revision comes twice: each step is one.
            (None, Some((mut job, _)), _) => {
                let lost = steps.map_or(job.tasks.len() as u64, |steps| steps.saturating_sub(read).into());
                job.revision = job.revision.saturating_add(lost);
                job
            }
            (None, None, _) => return Ok(None),
        };
        self.remove_steps(place, steps.unwrap_or(read))?;
        // Contents have checksums of their own.
        let small = write_job::inline_contents_of(&value, &left);
        self.put_job(job_key, &left, small)?;
        Ok(Some(left))
    }

    /// Puts aside what says of a job that is not there in which state it is.
    pub(crate) fn quarantine_entries(&mut self, place: &Place) -> Result<()> {
        let (organisation, id) = place;
        for class in Class::ALL {
            let entry = keys::with_id(keys::states(organisation, class), *id);
            if self.records.find(&entry)?.is_some() {
                self.forget_count(organisation, class);
                self.quarantine(&entry, "an index entry without its job")?;
            }
        }
        Ok(())
    }

    /// Puts a job aside that has been counted.
    pub(crate) fn quarantine_job(&mut self, place: &Place, what: &str) -> Result<()> {
        let (organisation, id) = place;
        for class in Class::ALL {
            if self.records.find(&keys::with_id(keys::states(organisation, class), *id))?.is_some() {
                self.forget_count(organisation, class);
            }
        }
        self.put_job_aside(place, what)
    }

    /// Puts a job aside. Its contents stay where they are, or go with the record that they are within, for an operator
    /// who mends it.
    pub(crate) fn put_job_aside(&mut self, place: &Place, what: &str) -> Result<()> {
        let (organisation, id) = place;
        self.touched.push(place.clone());
        if let Some((key, _)) = job_record::find(&self.records, organisation, *id)? {
            self.quarantine(&key, what)?;
        }
        // They say nothing without the job, and are no second damage.
        let steps = match job_record::read_since(&self.records, organisation, *id) {
            Ok(Since::Steps { steps }) => steps,
            _ => 0,
        };
        self.remove_steps(place, steps)?;
        self.records.take_away(keys::starts(organisation, *id))?;
        for class in Class::ALL {
            self.records.remove(keys::with_id(keys::states(organisation, class), *id));
        }
        self.forget(place);
        Ok(())
    }

    /// What a reader found damaged, if it is.
    pub(crate) fn quarantine_if_damaged(&mut self, place: &Place) -> Result<()> {
        match job_record::read(&self.records, &place.0, place.1) {
            Err(StoreError::Damaged { what }) => match self.mend_job(place, &what)? {
                Some(_) => Ok(()),
                None => self.quarantine_job(place, &what),
            },
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// Puts a schedule aside of which something cannot be read. Its history and its contents stay where they are, for an
    /// operator who mends it.
    fn quarantine_schedule_if_damaged(&mut self, key: &[u8]) -> Result<()> {
        let Some((organisation, id)) = keys::of_schedule(key) else { return Ok(()) };
        let what = match schedule_record::find(&self.records, &organisation, id) {
            Err(StoreError::Damaged { what }) => what,
            other => return other.map(|_| ()),
        };
        self.touched_schedules.push(organisation.clone());
        self.quarantine(&keys::schedule(&organisation, id), &what)?;
        self.quarantine(&keys::schedule_state(&organisation, id), &what)?;
        if let Some(count) = self.schedules.get_mut(&organisation) {
            *count = count.saturating_sub(1);
        }
        Ok(())
    }

    /// Puts an outbox aside that cannot be read; its job has an empty one from then on.
    fn quarantine_outbox_if_damaged(&mut self, key: &[u8]) -> Result<()> {
        match keys::split_organisation(key).zip(keys::id_at_end(key)) {
            Some(((organisation, _), id)) => self.load_outbox(&(organisation, id)).map(drop),
            None => Ok(()),
        }
    }

    /// The request's digest and the job's id under the key of a key; one that is damaged is put aside.
    pub(crate) fn find_key(&mut self, key: &[u8]) -> Result<Option<(Digest, JobId)>> {
        match idempotency::find_key(&self.records, key) {
            Err(StoreError::Damaged { what }) => self.quarantine(key, &what).map(|()| None),
            found => found,
        }
    }

    /// The same for a block of the journal, or of what was reported, or for the record of a document or a
    /// file, or for one of a schedule.
    pub(crate) fn quarantine_record_if_damaged(&mut self, key: &[u8]) -> Result<()> {
        let Some(head) = self.records.find(key)? else { return Ok(()) };
        let read = match key.first() {
            Some(&keys::RUN_EVENTS) => run_event_block::read_block(&self.records, key, head).map(|_| ()),
            Some(&keys::JOURNAL) => journal_block::read(&self.records, key, head).map(|_| ()),
            Some(&keys::DOCUMENT) => document_record::read(&self.records, key, head).map(|_| ()),
            Some(&keys::FILE) => file_record::read(&self.records, key, head).map(|_| ()),
            Some(&keys::IDEMPOTENCY) => idempotency::find_key(&self.records, key).map(|_| ()),
            Some(&(keys::SCHEDULE | keys::SCHEDULE_STATE)) => return self.quarantine_schedule_if_damaged(key),
            Some(&keys::OUTBOX) => return self.quarantine_outbox_if_damaged(key),
            Some(&keys::FIRING) => schedule_record::read_firing(&self.records, key, head).map(|_| ()),
            _ => Ok(()),
        };
        match read {
            Err(StoreError::Damaged { what }) => self.quarantine(key, &what),
            other => other,
        }
    }
}
