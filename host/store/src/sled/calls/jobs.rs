//! Jobs: changes go to the committer, questions to readers.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::event::EventId;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::names::{JobId, Organisation, ProviderKey};
use analyte_core::query::Sort;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;

use crate::sled::format::idempotency::{self, Lookup};
use crate::sled::format::{job_record, keys};
use crate::sled::operations::{apply, cancel, purge, submit, unfinished};
use crate::sled::read::list::{self, Listed};
use crate::sled::read::sorted::{self, SortedListed};
use crate::sled::read::{events, journal, queue_position};
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{
    CancelAnswer, CancelRule, Change, Changed, Counts, Depth, Events, Jobs, Known, ListQuery, NewContent, NewJob, Page,
    Result, Sorted, StoreError, Submitted,
};

impl SledStore {
    /// All that can be made ready before it is the committer's turn.
    async fn prepared(&self, jobs: Vec<NewJob>) -> Result<Vec<submit::Prepared>> {
        self.disk.admit(self.disk.floor_bytes)?;
        let mut prepared = Vec::with_capacity(jobs.len());
        for job in jobs {
            prepared.push(submit::prepare(&self.blobs, job).await.map_err(|error| self.disk.refuse(error))?);
        }
        Ok(prepared)
    }
}

#[async_trait]
impl Jobs for SledStore {
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>> {
        let prepared = self.prepared(jobs).await?;
        let submitted = self.committer.commit(move |state| submit::submit(state, prepared, now)).await;
        submitted.map_err(|error| self.disk.refuse(error))
    }

    async fn submit_together(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>> {
        let prepared = self.prepared(jobs).await?;
        let submitted = self.committer.commit(move |state| submit::submit_together(state, prepared, now)).await;
        submitted.map_err(|error| self.disk.refuse(error))
    }

    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>> {
        let of = organisation.clone();
        let scope = Scope::Job(of.clone(), id);
        let read = move |tree: &sled::Tree| job_record::read(tree, &of, id);
        match self.reader.read(scope, read).await {
            Ok(job) => Ok(job.map(Arc::new)),
            Err(error @ StoreError::Damaged { .. }) => {
                self.put_aside(organisation, vec![id]).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn known(&self, organisation: &Organisation, key: &str) -> Result<Option<Known>> {
        let (of, key) = (organisation.clone(), key.to_owned());
        let entry = keys::idempotency(organisation, &key);
        let read = move |tree: &sled::Tree| idempotency::known(tree, &of, &key);
        let scope = Scope::Organisation(organisation.clone());
        match self.reader.read(scope, read).await {
            Ok(Lookup::Known(known)) => Ok(Some(known)),
            Ok(Lookup::Nothing) => Ok(None),
            Ok(Lookup::Damaged(id)) => {
                self.put_aside(organisation, vec![id]).await?;
                Ok(None)
            }
            Err(StoreError::Damaged { .. }) => {
                self.put_records_aside(vec![entry]).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn jobs(&self, organisation: &Organisation, query: ListQuery) -> Result<Page> {
        let Listed { page, damaged, .. } = list::list(&self.reader, organisation, query).await?;
        self.put_aside(organisation, damaged).await?;
        Ok(page)
    }

    async fn sorted(
        &self,
        organisation: &Organisation,
        query: ListQuery,
        sorts: Arc<[Sort]>,
        skip: usize,
        most: usize,
    ) -> Result<Sorted> {
        let SortedListed { page, damaged } =
            sorted::sorted_list(&self.reader, organisation, query, sorts, skip, most).await?;
        self.put_aside(organisation, damaged).await?;
        Ok(page.map_or(Sorted::TooMany, |(jobs, more)| Sorted::Page { jobs, more }))
    }

    async fn events(
        &self,
        organisation: &Organisation,
        id: JobId,
        after: EventId,
        most: usize,
    ) -> Result<Option<Events>> {
        let of = organisation.clone();
        let scope = Scope::Job(of.clone(), id);
        let read = move |tree: &sled::Tree| events::after(tree, &of, id, after, most);
        match self.reader.read(scope, read).await {
            Ok((events, damaged)) => {
                self.put_records_aside(damaged).await?;
                Ok(events)
            }
            Err(error @ StoreError::Damaged { .. }) => {
                self.put_aside(organisation, vec![id]).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn queue_positions(&self, organisation: &Organisation, ids: &[JobId]) -> Result<Vec<Option<u64>>> {
        self.committer.open()?;
        Ok(queue_position::queue_positions(&self.reader.shared.snapshot, organisation, ids))
    }

    async fn depths(&self) -> Result<Vec<Depth>> {
        self.committer.open()?;
        Ok(self.reader.shared.depths.read().depths())
    }

    async fn counts(&self, organisation: &Organisation) -> Result<Counts> {
        self.committer.open()?;
        Ok(self.reader.shared.counts.read().get(organisation).copied().unwrap_or_default())
    }

    async fn apply(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>> {
        let place = (organisation.clone(), id);
        self.committer.commit(move |state| apply::apply_request(state, &place, event, now)).await
    }

    async fn extend(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        contents: Vec<NewContent>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>> {
        self.disk.admit(self.disk.floor_bytes)?;
        let mut staged = Vec::with_capacity(contents.len());
        for content in contents {
            staged.push(self.blobs.stage(content).await.map_err(|error| self.disk.refuse(error))?);
        }
        let place = (organisation.clone(), id);
        let extended = self.committer.commit(move |state| apply::extend(state, &place, event, &staged, now)).await;
        extended.map_err(|error| self.disk.refuse(error))
    }

    async fn cancel_if(
        &self,
        organisation: &Organisation,
        rule: CancelRule,
        now: Timestamp,
    ) -> Result<Vec<(JobId, CancelAnswer)>> {
        let organisation = organisation.clone();
        self.committer.commit(move |state| cancel::cancel_if(state, &organisation, &rule, now)).await
    }

    async fn purge(&self, organisation: &Organisation, id: JobId) -> Result<Option<bool>> {
        let place = (organisation.clone(), id);
        self.committer.commit(move |state| purge::purge(state, &place)).await
    }

    async fn unfinished(
        &self,
        provider: &ProviderKey,
        after: Option<(Organisation, JobId)>,
        most: usize,
    ) -> Result<Vec<Arc<Job>>> {
        let provider = provider.clone();
        self.committer.commit(move |state| unfinished::unfinished(state, &provider, after, most)).await
    }

    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>> {
        let read = move |tree: &sled::Tree| journal::after(tree, position, most);
        let (changes, damaged) = self.reader.read(Scope::All, read).await?;
        self.put_records_aside(damaged).await?;
        Ok(changes)
    }
}
