//! The trait, verb by verb: what can be done before the committer's turn is done here.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::event::{EventId, Told};
use analyte_core::job::transition::{Event, Refusal, Released};
use analyte_core::job::{Content, Job};
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, RunKey};
use analyte_core::query::Sort;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

use super::committer::Figures;
use super::content::{self, Found};
use super::disk::{in_one_line, is_full};
use super::doubt::Scope;
use super::envelope::Find;
use super::known::{self, Lookup};
use super::list::Listed;
use super::sorted::SortedListed;
use super::{
    SledStore, apply, cancel, claim, events, files, finish, heartbeat, io_error, job_record, journal, keys, models,
    organisations, places, providers, purge, reader, release, retire, shut, submit, tell, tokens, unfinished,
};
use crate::{
    Age, CancelAnswer, CancelRule, Change, Changed, Claims, ContentWriter, Counts, Depth, Events, FileKept, FileRecord,
    FilesRoom, Finished, Health, Heartbeat, Known, ListQuery, ModelRecord, NewContent, NewJob, OrganisationRecord,
    Page, ProviderRecord, Purpose, Removed, Result, Room, Sorted, Staged, Store, StoreError, Submitted, TokenRecord,
};

impl SledStore {
    /// Puts aside what a reader found damaged.
    async fn put_aside(&self, organisation: &Organisation, ids: Vec<JobId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let organisation = organisation.clone();
        let put = move |work: &mut super::work::Work| {
            ids.into_iter().try_for_each(|id| work.quarantine_if_damaged(&(organisation.clone(), id)))
        };
        self.committer.commit(put).await
    }

    /// The same for records that need nothing else to be read.
    async fn put_records_aside(&self, keys: Vec<Vec<u8>>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let put =
            move |work: &mut super::work::Work| keys.iter().try_for_each(|key| work.quarantine_record_if_damaged(key));
        self.committer.commit(put).await
    }

    /// Makes the ballast where it is missing and there is room.
    async fn make_ballast(&self) -> Result<()> {
        let ballast = Arc::clone(&self.ballast);
        let made = tokio::task::spawn_blocking(move || ballast.make()).await;
        made.map_err(|error| io_error("could not make the ballast".to_owned(), error.into()))
    }

    async fn find(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Found> {
        let (organisation, content) = (organisation.clone(), content.clone());
        let scope = Scope::Job(organisation.clone(), job);
        let find = move |tree: &sled::Tree| content::find(tree, &organisation, job, &content);
        reader::read(&self.shared, &self.committer, scope, find).await
    }
}

#[async_trait]
impl Store for SledStore {
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>> {
        self.disk.admit(self.disk.floor_bytes)?;
        let mut prepared = Vec::with_capacity(jobs.len());
        for job in jobs {
            prepared.push(submit::prepare(&self.blobs, job).await.map_err(|error| self.disk.refuse(error))?);
        }
        let submitted = self.committer.commit(move |work| submit::submit(work, prepared, now)).await;
        submitted.map_err(|error| self.disk.refuse(error))
    }

    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>> {
        let of = organisation.clone();
        let scope = Scope::Job(of.clone(), id);
        let read = move |tree: &sled::Tree| job_record::read(tree, &of, id);
        match reader::read(&self.shared, &self.committer, scope, read).await {
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
        let read = move |tree: &sled::Tree| known::known(tree, &of, &key);
        let scope = Scope::Organisation(organisation.clone());
        match reader::read(&self.shared, &self.committer, scope, read).await {
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
        let Listed { page, damaged, .. } = self.list(organisation, query).await?;
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
        let SortedListed { page, damaged } = self.sorted_list(organisation, query, sorts, skip, most).await?;
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
        match reader::read(&self.shared, &self.committer, scope, read).await {
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

    async fn tell(&self, told: Vec<(RunKey, Vec<Told>)>) -> Result<Vec<bool>> {
        self.committer.commit(move |work| tell::tell(work, told)).await
    }

    async fn places(&self, organisation: &Organisation, ids: &[JobId]) -> Result<Vec<Option<u64>>> {
        self.committer.open()?;
        Ok(places::places(&self.shared.shelf, organisation, ids))
    }

    async fn depths(&self) -> Result<Vec<Depth>> {
        self.committer.open()?;
        Ok(self.shared.live.read().depths())
    }

    async fn counts(&self, organisation: &Organisation) -> Result<Counts> {
        self.committer.open()?;
        Ok(self.shared.counts.read().get(organisation).copied().unwrap_or_default())
    }

    async fn claim(&self, node: &str, room: Room, _lease_until: Timestamp, now: Timestamp) -> Result<Claims> {
        let node: Arc<str> = node.into();
        self.committer.apply(move |work| claim::claim(work, &node, &room, now)).await
    }

    async fn heartbeat(
        &self,
        node: &str,
        leases: Vec<RunKey>,
        _lease_until: Timestamp,
        _now: Timestamp,
    ) -> Result<Heartbeat> {
        let node = node.to_owned();
        self.committer.commit(move |work| Ok(heartbeat::heartbeat(work, &node, leases))).await
    }

    async fn finish(&self, finished: Vec<Finished>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
        let mut prepared = Vec::with_capacity(finished.len());
        for finished in finished {
            let mut staged = finish::prepare(&self.blobs, finished.clone()).await;
            if staged.as_ref().is_err_and(is_full) && self.ballast.spend() {
                staged = finish::prepare(&self.blobs, finished).await;
            }
            prepared.push(staged?);
        }
        self.committer.commit(move |work| finish::finish(work, prepared, now)).await
    }

    async fn release(&self, runs: Vec<(RunKey, Released)>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
        self.committer.commit(move |work| release::release(work, runs, now)).await
    }

    async fn recover(&self, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64> {
        let node = node.to_owned();
        self.committer.commit(move |work| release::recover(work, &node, most_crashes, now)).await
    }

    async fn apply(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Changed, Refusal>>> {
        let place = (organisation.clone(), id);
        self.committer.commit(move |work| apply::apply_request(work, &place, event, now)).await
    }

    async fn cancel_if(
        &self,
        organisation: &Organisation,
        rule: CancelRule,
        now: Timestamp,
    ) -> Result<Vec<(JobId, CancelAnswer)>> {
        let organisation = organisation.clone();
        self.committer.commit(move |work| cancel::cancel_if(work, &organisation, &rule, now)).await
    }

    async fn purge(&self, organisation: &Organisation, id: JobId) -> Result<Option<bool>> {
        let place = (organisation.clone(), id);
        self.committer.commit(move |work| purge::purge(work, &place)).await
    }

    async fn retire(&self, age: Age, most: usize) -> Result<usize> {
        self.make_ballast().await?;
        retire::retire(self, &age, most).await
    }

    async fn unfinished(
        &self,
        provider: &ProviderKey,
        after: Option<(Organisation, JobId)>,
        most: usize,
    ) -> Result<Vec<Arc<Job>>> {
        let provider = provider.clone();
        self.committer.commit(move |work| unfinished::unfinished(work, &provider, after, most)).await
    }

    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>> {
        let read = move |tree: &sled::Tree| journal::after(tree, position, most);
        let (changes, damaged) = reader::read(&self.shared, &self.committer, Scope::All, read).await?;
        self.put_records_aside(damaged).await?;
        Ok(changes)
    }

    async fn put_once(&self, organisation: &Organisation, schedule: &str, fire_time: Timestamp) -> Result<bool> {
        let key = keys::once(organisation, schedule, fire_time);
        let put = move |work: &mut super::work::Work| {
            let new = work.records.find(&key)?.is_none();
            if new {
                work.records.set(key, Vec::new());
            }
            Ok(new)
        };
        self.committer.commit(put).await
    }

    async fn content(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes> {
        match self.find(organisation, job, content).await? {
            Found::Here(bytes) => Ok(bytes),
            Found::Blob => self.blobs.get(content).await,
        }
    }

    async fn contents(&self, organisation: &Organisation, wanted: Vec<(JobId, Content)>) -> Result<Vec<Option<Bytes>>> {
        self.several(organisation, &wanted).await
    }

    async fn content_range(
        &self,
        organisation: &Organisation,
        job: JobId,
        content: &Content,
        range: Range<u64>,
    ) -> Result<Bytes> {
        if range.start > range.end || range.end > content.bytes {
            return Err(content::outside(content));
        }
        match self.find(organisation, job, content).await? {
            Found::Here(bytes) => content::part(&bytes, &range, content),
            Found::Blob => self.blobs.get_range(content, range).await,
        }
    }

    async fn content_writer(&self, purpose: Purpose) -> Result<Box<dyn ContentWriter>> {
        let floor_bytes = match purpose {
            // Submissions are refused below the floor itself: however much is uploaded, as much again is left for them.
            Purpose::Upload => self.disk.floor_bytes.saturating_mul(2),
            // Completions are to go on: they may use half of what is kept free.
            Purpose::Outcome => self.disk.floor_bytes / 2,
        };
        self.disk.admit(floor_bytes)?;
        Ok(self.blobs.writer(floor_bytes))
    }

    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool> {
        self.disk.admit(self.disk.floor_bytes)?;
        let prepared = providers::prepare(&self.blobs, record, component).await;
        let prepared = prepared.map_err(|error| self.disk.refuse(error))?;
        let put = self.committer.commit(move |work| providers::put_provider(work, &prepared)).await;
        put.map_err(|error| self.disk.refuse(error))
    }

    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().providers.values().cloned().collect())
    }

    async fn remove_provider(&self, provider: &ProviderKey, force: bool) -> Result<Removed> {
        let provider = provider.clone();
        self.committer.commit(move |work| providers::remove_provider(work, &provider, force)).await
    }

    async fn put_model(&self, record: ModelRecord, bytes: Option<NewContent>) -> Result<bool> {
        self.disk.admit(self.disk.floor_bytes)?;
        let prepared = providers::prepare(&self.blobs, record, bytes).await;
        let prepared = prepared.map_err(|error| self.disk.refuse(error))?;
        let put = self.committer.commit(move |work| models::put_model(work, &prepared)).await;
        put.map_err(|error| self.disk.refuse(error))
    }

    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().models.values().cloned().collect())
    }

    async fn remove_model(&self, provider: &ProviderKey, name: &ModelName, force: bool) -> Result<Removed> {
        let (provider, name) = (provider.clone(), name.clone());
        self.committer.commit(move |work| models::remove_model(work, &provider, &name, force)).await
    }

    async fn component(&self, digest: Digest) -> Result<Option<Bytes>> {
        content::component(self, digest).await
    }

    async fn component_size(&self, digest: Digest) -> Result<Option<u64>> {
        let read = move |tree: &sled::Tree| content::find_component(tree, digest);
        let found = reader::read(&self.shared, &self.committer, Scope::Catalogue, read).await?;
        Ok(found.map(|content| content.bytes))
    }

    async fn component_range(&self, digest: Digest, range: Range<u64>) -> Result<Option<Bytes>> {
        content::component_range(self, digest, &range).await
    }

    async fn staged_range(&self, staged: &Staged, range: Range<u64>) -> Result<Bytes> {
        content::staged_range(self, staged, &range).await
    }

    async fn put_file(&self, record: FileRecord, bytes: NewContent, most: FilesRoom) -> Result<FileKept> {
        self.disk.admit(self.disk.floor_bytes)?;
        let staged = self.blobs.stage(bytes).await.map_err(|error| self.disk.refuse(error))?;
        files::check(&record, &staged)?;
        let put = self.committer.commit(move |work| files::put_file(work, &record, &staged, most)).await;
        put.map_err(|error| self.disk.refuse(error))
    }

    async fn files(
        &self,
        organisation: &Organisation,
        repository: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Arc<FileRecord>>> {
        let (files, damaged) = files::list(
            self,
            organisation,
            &keys::file(organisation, repository, prefix),
            after.map(|after| keys::file(organisation, repository, after)),
            most,
        )
        .await?;
        self.put_records_aside(damaged).await?;
        Ok(files)
    }

    async fn file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<Option<Arc<FileRecord>>> {
        let key = keys::file(organisation, repository, path);
        let read = move |tree: &sled::Tree| files::find(tree, key.clone());
        match reader::read(&self.shared, &self.committer, Scope::Files(organisation.clone()), read).await? {
            Ok(found) => Ok(found),
            Err(damaged) => self.put_records_aside(vec![damaged]).await.map(|()| None),
        }
    }

    async fn file_range(&self, record: &FileRecord, range: Range<u64>) -> Result<Option<Bytes>> {
        files::range(self, record, &range).await
    }

    async fn remove_file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<bool> {
        let (organisation, repository, path) = (organisation.clone(), repository.to_owned(), path.to_owned());
        self.committer.commit(move |work| files::remove_file(work, &organisation, &repository, &path)).await
    }

    async fn put_organisation(&self, record: OrganisationRecord) -> Result<bool> {
        self.committer.commit(move |work| organisations::put_organisation(work, record)).await
    }

    async fn organisations(&self) -> Result<Vec<Arc<OrganisationRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().organisations.values().cloned().collect())
    }

    async fn put_token(&self, record: TokenRecord) -> Result<()> {
        self.committer.commit(move |work| tokens::put_token(work, record)).await
    }

    async fn tokens_used(&self, used: Vec<(String, Timestamp)>) -> Result<()> {
        self.committer.commit(move |work| tokens::tokens_used(work, used)).await
    }

    async fn tokens(&self) -> Result<Vec<Arc<TokenRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().tokens.values().cloned().collect())
    }

    async fn health(&self) -> Result<Health> {
        // Tries the disk where it failed before.
        let failing = match self.committer.commit(|_| Ok(())).await {
            Ok(()) => None,
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(error) => Some(in_one_line(&error)),
        };
        self.make_ballast().await?;
        let (free_bytes, failing) = match self.disk.free_bytes() {
            Ok(free_bytes) => (free_bytes, failing),
            Err(error) => (0, failing.or_else(|| Some(in_one_line(&error)))),
        };
        let Figures { quarantined, blob_bytes } = *self.shared.figures.read();
        let tree = std::fs::metadata(self.disk.directory().join("store").join("db"));
        let disk_bytes = tree.map_or(0, |file| file.len()) + blob_bytes;
        Ok(Health { quarantined, disk_bytes, free_bytes, disk_full: free_bytes < self.disk.floor_bytes, failing })
    }

    async fn close(&self) -> Result<()> {
        let (committer, open) = (self.committer.clone(), Arc::clone(&self.open));
        tokio::task::spawn_blocking(move || shut(&committer, &open))
            .await
            .map_err(|error| io_error("could not wait for the store's thread".to_owned(), error.into()))
    }
}
