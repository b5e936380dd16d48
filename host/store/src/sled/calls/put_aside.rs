//! Has the committer put aside what a reader found damaged.

use analyte_core::names::{JobId, Organisation};

use crate::Result;
use crate::sled::state::State;
use crate::sled::store::SledStore;

impl SledStore {
    /// These jobs, if they are damaged.
    pub(crate) async fn put_aside(&self, organisation: &Organisation, ids: Vec<JobId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let organisation = organisation.clone();
        let put = move |state: &mut State| {
            ids.into_iter().try_for_each(|id| state.quarantine_if_damaged(&(organisation.clone(), id)))
        };
        self.committer.commit(put).await
    }

    /// The records under these keys, if they are damaged; they are of a kind that needs no other record to be read.
    pub(crate) async fn put_records_aside(&self, keys: Vec<Vec<u8>>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let put = move |state: &mut State| keys.iter().try_for_each(|key| state.quarantine_record_if_damaged(key));
        self.committer.commit(put).await
    }
}
