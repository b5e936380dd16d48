//! Deliveries: what is due is asked of the committer, which answers when it is durable; the rest of readers.

use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Outbox;
use async_trait::async_trait;

use crate::sled::format::{job_record, keys, outbox_record};
use crate::sled::operations::deliveries;
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{Deliveries, Due, Result, SendRoom, StoreError, Tried};

#[async_trait]
impl Deliveries for SledStore {
    async fn due(&self, room: SendRoom, now: Timestamp) -> Result<Due> {
        self.committer.commit(move |state| deliveries::due(state, &room, now)).await
    }

    async fn tried(&self, tries: Vec<Tried>) -> Result<Vec<bool>> {
        self.committer.commit(move |state| deliveries::tried(state, tries)).await
    }

    async fn outbox(&self, organisation: &Organisation, id: JobId) -> Result<Option<Outbox>> {
        let of = organisation.clone();
        let read = move |tree: &sled::Tree| {
            Ok(match job_record::find(tree, &of, id)? {
                Some(_) => Some(outbox_record::find(tree, &of, id)?.unwrap_or_default()),
                None => None,
            })
        };
        match self.reader.read(Scope::Job(organisation.clone(), id), read).await {
            Err(StoreError::Damaged { .. }) => {
                self.put_records_aside(vec![keys::outbox(organisation, id)]).await?;
                Ok(Some(Outbox::default()))
            }
            found => found,
        }
    }

    async fn pending(&self, organisation: &Organisation) -> Result<u64> {
        self.committer.open()?;
        Ok(self.reader.shared.pending.read().get(organisation).copied().unwrap_or(0))
    }
}
