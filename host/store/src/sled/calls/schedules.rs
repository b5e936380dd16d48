//! Schedules: changes go to the committer, questions to readers.

use analyte_core::job::Content;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::Firing;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

use crate::sled::format::envelope::Find as _;
use crate::sled::format::references::{self, Owner};
use crate::sled::format::{keys, schedule_record};
use crate::sled::operations::{fire, schedules};
use crate::sled::read::schedules::{self as read, Found};
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{Fired, KeptSchedule, NewFiring, NewSchedule, Result, ScheduleKept, Schedules, StoreError};

#[async_trait]
impl Schedules for SledStore {
    async fn create_schedule(&self, new: NewSchedule, most: u64, now: Timestamp) -> Result<ScheduleKept> {
        self.disk.admit(self.disk.floor_bytes)?;
        let new = schedules::prepare(&self.blobs, new).await.map_err(|error| self.disk.refuse(error))?;
        let kept = self.committer.commit(move |state| schedules::create(state, new, most, now)).await;
        kept.map_err(|error| self.disk.refuse(error))
    }

    async fn replace_schedule(&self, new: NewSchedule, revision: u64, now: Option<Timestamp>) -> Result<ScheduleKept> {
        self.disk.admit(self.disk.floor_bytes)?;
        let new = schedules::prepare(&self.blobs, new).await.map_err(|error| self.disk.refuse(error))?;
        let kept = self.committer.commit(move |state| schedules::replace(state, new, revision, now)).await;
        kept.map_err(|error| self.disk.refuse(error))
    }

    async fn remove_schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<bool> {
        let organisation = organisation.clone();
        self.committer.commit(move |state| schedules::remove(state, &organisation, id)).await
    }

    async fn schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<Option<KeptSchedule>> {
        let of = organisation.clone();
        let read = move |tree: &sled::Tree| schedule_record::find(tree, &of, id);
        match self.reader.read(Scope::Schedules(organisation.clone()), read).await {
            Err(StoreError::Damaged { .. }) => {
                self.put_records_aside(vec![keys::schedule(organisation, id)]).await?;
                Ok(None)
            }
            found => found,
        }
    }

    async fn schedules_of(&self, wanted: Vec<(Organisation, ScheduleId)>) -> Result<Vec<Option<KeptSchedule>>> {
        let read = move |tree: &sled::Tree| read::several(tree, &wanted);
        self.found(Scope::All, read).await
    }

    async fn schedules(
        &self,
        organisation: &Organisation,
        after: Option<ScheduleId>,
        most: usize,
    ) -> Result<Vec<KeptSchedule>> {
        let from = keys::schedules(organisation);
        let to = keys::schedule(organisation, after.unwrap_or(ScheduleId(uuid::Uuid::max())));
        let read = move |tree: &sled::Tree| read::list(tree, from.clone(), to.clone(), true, most);
        self.found(Scope::Schedules(organisation.clone()), read).await
    }

    async fn all_schedules(&self, after: Option<(Organisation, ScheduleId)>, most: usize) -> Result<Vec<KeptSchedule>> {
        let from = after.map_or_else(
            || vec![keys::SCHEDULE],
            |(organisation, id)| {
                let mut key = keys::schedule(&organisation, id);
                key.push(0);
                key
            },
        );
        let to = vec![keys::SCHEDULE + 1];
        let read = move |tree: &sled::Tree| read::list(tree, from.clone(), to.clone(), false, most);
        self.found(Scope::All, read).await
    }

    async fn fire(&self, firings: Vec<NewFiring>, now: Timestamp) -> Result<Vec<Fired>> {
        if firings.iter().any(|firing| firing.job.is_some()) {
            self.disk.admit(self.disk.floor_bytes)?;
        }
        // What a template names never changes, and is named by records that the caller has read.
        let prepare = move |tree: &sled::Tree| fire::prepare(tree, &firings);
        let prepared = self.reader.read_fixed(Scope::All, prepare).await?;
        let fired = self.committer.commit(move |state| fire::fire(state, prepared, now)).await;
        fired.map_err(|error| self.disk.refuse(error))
    }

    async fn firings(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        before: Option<u64>,
        most: usize,
    ) -> Result<Option<Vec<Firing>>> {
        let of = organisation.clone();
        let read = move |tree: &sled::Tree| read::firings(tree, &of, id, before, most);
        let Some(Found { found, damaged }) = self.reader.read(Scope::Schedules(organisation.clone()), read).await?
        else {
            return Ok(None);
        };
        self.put_records_aside(damaged).await?;
        Ok(Some(found))
    }

    async fn schedule_content(&self, organisation: &Organisation, id: ScheduleId, content: &Content) -> Result<Bytes> {
        let (of, digest) = (organisation.clone(), content.digest);
        let find = move |tree: &sled::Tree| match schedule_record::content_here(tree, &of, id, digest)? {
            Some(bytes) => Ok(Some(bytes)),
            None => match tree.find(&references::reference(digest, &Owner::Schedule(&of, id)))? {
                Some(_) => Ok(None),
                None => Err(StoreError::Missing(digest.to_string())),
            },
        };
        match self.reader.read(Scope::Schedules(organisation.clone()), find).await? {
            Some(bytes) => Ok(bytes),
            None => self.blobs.get(content).await,
        }
    }
}

impl SledStore {
    async fn found<T: Send + 'static>(
        &self,
        scope: Scope,
        read: impl Fn(&sled::Tree) -> Result<Found<T>> + Send + Sync + 'static,
    ) -> Result<Vec<T>> {
        let Found { found, damaged } = self.reader.read(scope, read).await?;
        self.put_records_aside(damaged).await?;
        Ok(found)
    }
}
