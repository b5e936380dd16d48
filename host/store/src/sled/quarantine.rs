//! Puts records aside that cannot be read, so that one of them never stops the rest.

use super::envelope::{self, Find};
use super::job_record;
use super::keys::{self, Class};
use super::work::{Place, Work};
use crate::{Result, StoreError};

impl Work {
    /// Moves the value of a key, as it is, to the quarantine.
    pub(super) fn quarantine(&mut self, key: &[u8], what: &str) -> Result<()> {
        let Some(head) = self.records.find(key)? else { return Ok(()) };
        let mut value = head.to_vec();
        for number in 0..envelope::pieces(&head) {
            if let Some(piece) = self.records.find(&keys::piece(key, number))? {
                value.extend_from_slice(&piece);
            }
        }
        self.records.take_away(key.to_vec())?;
        self.records.put(keys::quarantine(key), &value)?;
        self.quarantined += 1;
        tracing::error!(what, key = %key.escape_ascii(), "a damaged record was put aside");
        Ok(())
    }

    /// Puts a job aside that has been counted.
    pub(super) fn quarantine_job(&mut self, place: &Place, what: &str) -> Result<()> {
        let (organisation, id) = place;
        for class in Class::ALL {
            if self.records.find(&keys::with_id(keys::states(organisation, class), *id))?.is_some() {
                self.forget_count(organisation, class);
            }
        }
        self.put_job_aside(place, what)
    }

    /// Puts a job aside. Its contents stay where they are, for whoever mends it.
    pub(super) fn put_job_aside(&mut self, place: &Place, what: &str) -> Result<()> {
        let (organisation, id) = place;
        self.quarantine(&keys::job(organisation, *id), what)?;
        let starts = keys::starts(organisation, *id);
        if self.records.find(&starts)?.is_some() {
            self.quarantine(&starts, what)?;
        }
        for class in Class::ALL {
            self.records.remove(keys::with_id(keys::states(organisation, class), *id));
        }
        self.forget(place);
        Ok(())
    }

    /// What a reader found damaged, if it is.
    pub(super) fn quarantine_if_damaged(&mut self, place: &Place) -> Result<()> {
        match job_record::read(&self.records, &place.0, place.1) {
            Err(StoreError::Damaged { what }) => self.quarantine_job(place, &what),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }
}
