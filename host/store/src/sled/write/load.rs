//! Reads jobs for the operations: from memory where it has them, else from the tree.

use std::sync::Arc;

use analyte_core::job::Job;

use crate::sled::format::job_record::read;
use crate::sled::format::keys::Place;
use crate::sled::state::State;
use crate::{Result, StoreError};

impl State {
    /// A job as it is now. One that cannot be read is put aside and missing from then on.
    pub(crate) fn load(&mut self, place: &Place) -> Result<Option<Arc<Job>>> {
        if let Some(job) = self.warm(place) {
            return Ok(Some(Arc::clone(job)));
        }
        match read(&self.records, &place.0, place.1) {
            Ok(None) => Ok(None),
            Ok(Some(job)) => {
                let job = Arc::new(job);
                self.keep_warm(place.clone(), &job);
                Ok(Some(job))
            }
            Err(StoreError::Damaged { what }) => {
                let left = self.mend_job(place, &what)?.map(Arc::new);
                match &left {
                    Some(job) => self.keep_warm(place.clone(), job),
                    None => self.quarantine_job(place, &what)?,
                }
                Ok(left)
            }
            Err(error) => Err(error),
        }
    }
}
