//! Deliveries: what is due is put together anew for each call.

use std::sync::Arc;

use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::Outbox;
use async_trait::async_trait;

use crate::deliveries::pending::Pending;
use crate::memory::MemoryStore;
use crate::{Deliveries, Due, DueDelivery, Result, SendRoom, Tried};

#[async_trait]
impl Deliveries for MemoryStore {
    async fn due(&self, room: SendRoom, now: Timestamp) -> Result<Due> {
        let data = self.lock()?;
        let mut pending = Pending::default();
        for ((organisation, id), entry) in &data.jobs {
            for waiting in entry.outbox.pending() {
                if let Some(webhook) = entry.job.webhooks.get(usize::from(waiting.1.webhook)) {
                    pending.change((organisation, *id), &webhook.destination, &[], &[waiting]);
                }
            }
        }
        let (waiting, next) = pending.due(&room, now);
        let deliveries = waiting.into_iter().filter_map(|one| {
            let entry = data.jobs.get(&(one.organisation, one.key.job))?;
            let delivery = entry.outbox.delivery(one.key.id)?.clone();
            Some(DueDelivery { job: Arc::clone(&entry.job), destination: one.destination, delivery })
        });
        Ok(Due { deliveries: deliveries.collect(), next })
    }

    async fn tried(&self, tries: Vec<Tried>) -> Result<Vec<bool>> {
        let mut data = self.lock()?;
        let mut remember = |Tried { organisation, job, attempted }: Tried| {
            data.jobs.get_mut(&(organisation, job)).is_some_and(|entry| entry.outbox.tried(attempted))
        };
        Ok(tries.into_iter().map(&mut remember).collect())
    }

    async fn outbox(&self, organisation: &Organisation, id: JobId) -> Result<Option<Outbox>> {
        Ok(self.lock()?.jobs.get(&(organisation.clone(), id)).map(|entry| entry.outbox.clone()))
    }

    async fn pending(&self, organisation: &Organisation) -> Result<u64> {
        let data = self.lock()?;
        let own = data.jobs.iter().filter(|((of, _), _)| of == organisation);
        Ok(own.map(|(_, entry)| entry.outbox.pending().count() as u64).sum())
    }
}
