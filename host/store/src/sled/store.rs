//! The trait, verb by verb: what can be done before the committer's turn is done here.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::transition::{Event, Refusal, Released};
use analyte_core::job::{Content, Job};
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName, RunKey};
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

use super::content::{self, Found};
use super::envelope::Find;
use super::{
    SledStore, apply, cancel, claim, envelope, finish, free_bytes, heartbeat, io_error, job_record, journal, keys,
    list, models, providers, purge, reader, release, shut, submit, unfinished,
};
use crate::{
    CancelAnswer, CancelRule, Change, Changed, Claims, ContentWriter, Counts, Finished, Health, Heartbeat, ListQuery,
    ModelRecord, NewContent, NewJob, Page, ProviderRecord, Removed, Result, Store, StoreError, Submitted, TokenRecord,
};

impl SledStore {
    /// Puts aside what a reader found damaged.
    async fn put_aside(&self, organisation: &Organisation, ids: Vec<JobId>) -> Result<()> {
        let organisation = organisation.clone();
        let put = move |work: &mut super::work::Work| {
            ids.into_iter().try_for_each(|id| work.quarantine_if_damaged(&(organisation.clone(), id)))
        };
        self.committer.commit(put).await
    }

    async fn find(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Found> {
        let (organisation, content) = (organisation.clone(), content.clone());
        let find = move |tree: &sled::Tree| content::find(tree, &organisation, job, &content);
        reader::read(&self.shared, &self.committer, find).await
    }
}

#[async_trait]
impl Store for SledStore {
    async fn submit(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Submitted>> {
        self.admit(self.free_disk_bytes)?;
        let mut prepared = Vec::with_capacity(jobs.len());
        for job in jobs {
            prepared.push(submit::prepare(&self.blobs, job).await?);
        }
        self.committer.commit(move |work| submit::submit(work, prepared, now)).await
    }

    async fn job(&self, organisation: &Organisation, id: JobId) -> Result<Option<Arc<Job>>> {
        let of = organisation.clone();
        let read = move |tree: &sled::Tree| job_record::read(tree, &of, id);
        match reader::read(&self.shared, &self.committer, read).await {
            Ok(job) => Ok(job.map(Arc::new)),
            Err(error @ StoreError::Damaged { .. }) => {
                self.put_aside(organisation, vec![id]).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn jobs(&self, organisation: &Organisation, query: ListQuery) -> Result<Page> {
        let of = organisation.clone();
        let counts = self.counts(organisation).await?;
        let read = move |tree: &sled::Tree| list::page(tree, &of, &query, counts);
        let (page, damaged) = reader::read(&self.shared, &self.committer, read).await?;
        if !damaged.is_empty() {
            self.put_aside(organisation, damaged).await?;
        }
        Ok(page)
    }

    async fn counts(&self, organisation: &Organisation) -> Result<Counts> {
        self.committer.open()?;
        Ok(self.shared.counts.read().get(organisation).copied().unwrap_or_default())
    }

    async fn claim(&self, node: &str, n: usize, _lease_until: Timestamp, now: Timestamp) -> Result<Claims> {
        let node: Arc<str> = node.into();
        self.committer.commit(move |work| claim::claim(work, &node, n, now)).await
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
            prepared.push(finish::prepare(&self.blobs, finished).await?);
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

    async fn retire(&self, before: Timestamp, most: usize) -> Result<usize> {
        let shared = Arc::clone(&self.shared);
        self.committer.commit(move |work| purge::retire(work, &shared.shelf, before, most)).await
    }

    async fn unfinished(&self, provider: &ProviderName, most: usize) -> Result<Vec<Arc<Job>>> {
        let provider = provider.clone();
        self.committer.commit(move |work| unfinished::unfinished(work, &provider, most)).await
    }

    async fn changes_after(&self, position: u64, most: usize) -> Result<Vec<Change>> {
        let read = move |tree: &sled::Tree| journal::after(tree, position, most);
        reader::read(&self.shared, &self.committer, read).await
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

    async fn content_writer(&self) -> Result<Box<dyn ContentWriter>> {
        // Result files come this way too, and completions are to go on: they may use half of what is kept free. Bytes
        // that are for a new job are refused when that is submitted.
        self.admit(self.free_disk_bytes / 2)?;
        Ok(self.blobs.writer(self.directory.clone(), self.free_disk_bytes / 2))
    }

    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool> {
        self.admit(self.free_disk_bytes)?;
        let prepared = providers::prepare(&self.blobs, record, component).await?;
        self.committer.commit(move |work| providers::put_provider(work, &prepared)).await
    }

    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().providers.values().cloned().collect())
    }

    async fn remove_provider(&self, name: &ProviderName, force: bool) -> Result<Removed> {
        let name = name.clone();
        self.committer.commit(move |work| providers::remove_provider(work, &name, force)).await
    }

    async fn put_model(&self, record: ModelRecord, bytes: NewContent) -> Result<bool> {
        self.admit(self.free_disk_bytes)?;
        let prepared = providers::prepare(&self.blobs, record, Some(bytes)).await?;
        self.committer.commit(move |work| models::put_model(work, &prepared)).await
    }

    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().models.values().cloned().collect())
    }

    async fn remove_model(&self, provider: &ProviderName, name: &ModelName, force: bool) -> Result<Removed> {
        let (provider, name) = (provider.clone(), name.clone());
        self.committer.commit(move |work| models::remove_model(work, &provider, &name, force)).await
    }

    async fn component(&self, digest: Digest) -> Result<Option<Bytes>> {
        let read = move |tree: &sled::Tree| content::find_component(tree, digest);
        let Some(content) = reader::read(&self.shared, &self.committer, read).await? else { return Ok(None) };
        let bytes = self.blobs.get(&content).await?;
        // What is going to be run must be what was installed, to the last bit.
        let check = move || (Digest::of(&bytes) == digest).then_some(bytes);
        let checked = tokio::task::spawn_blocking(check).await;
        let checked = checked.map_err(|error| io_error("could not check a component".to_owned(), error.into()))?;
        checked.map(Some).ok_or_else(|| StoreError::Damaged { what: format!("the component {digest}") })
    }

    async fn put_token(&self, record: TokenRecord) -> Result<()> {
        let json = envelope::json(&record)?;
        let put = move |work: &mut super::work::Work| {
            work.records.put(keys::token(&record.id), &json)?;
            work.catalogue.tokens.insert(record.id.clone(), Arc::new(record));
            work.catalogue_changed = true;
            Ok(())
        };
        self.committer.commit(put).await
    }

    async fn tokens(&self) -> Result<Vec<Arc<TokenRecord>>> {
        self.committer.open()?;
        Ok(self.shared.catalogue.read().tokens.values().cloned().collect())
    }

    async fn health(&self) -> Result<Health> {
        let look = |work: &mut super::work::Work| Ok((work.quarantined, work.references.bytes));
        let (quarantined, blob_bytes) = self.committer.commit(look).await?;
        let free_bytes = free_bytes(&self.directory)?;
        let tree_bytes = std::fs::metadata(self.directory.join("store").join("db")).map_or(0, |file| file.len());
        let disk_bytes = tree_bytes + blob_bytes;
        Ok(Health { quarantined, disk_bytes, free_bytes, disk_full: free_bytes < self.free_disk_bytes })
    }

    async fn close(&self) -> Result<()> {
        let (committer, open) = (self.committer.clone(), Arc::clone(&self.open));
        tokio::task::spawn_blocking(move || shut(&committer, &open))
            .await
            .map_err(|error| io_error("could not wait for the store's thread".to_owned(), error.into()))
    }
}
