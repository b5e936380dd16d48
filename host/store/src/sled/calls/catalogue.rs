//! Providers and models: components are written before the committer's turn, records are read from what it has
//! published.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::{ModelName, Organisation, ProviderKey};
use async_trait::async_trait;
use bytes::Bytes;

use crate::sled::operations::{models, providers};
use crate::sled::read::component;
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::sled::write::catalogue_record;
use crate::{Catalogue, ModelRecord, NewContent, ProviderRecord, Removed, Result};

#[async_trait]
impl Catalogue for SledStore {
    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool> {
        self.disk.admit(self.disk.floor_bytes)?;
        let prepared = catalogue_record::prepare(&self.blobs, record, component).await;
        let prepared = prepared.map_err(|error| self.disk.refuse(error))?;
        let put = self.committer.commit(move |state| providers::put_provider(state, &prepared)).await;
        put.map_err(|error| self.disk.refuse(error))
    }

    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>> {
        self.committer.open()?;
        Ok(self.reader.shared.registry.read().providers.values().cloned().collect())
    }

    async fn remove_provider(&self, provider: &ProviderKey, force: bool) -> Result<Removed> {
        let provider = provider.clone();
        self.committer.commit(move |state| providers::remove_provider(state, &provider, force)).await
    }

    async fn put_model(&self, record: ModelRecord, bytes: Option<NewContent>) -> Result<bool> {
        self.disk.admit(self.disk.floor_bytes)?;
        let prepared = catalogue_record::prepare(&self.blobs, record, bytes).await;
        let prepared = prepared.map_err(|error| self.disk.refuse(error))?;
        let put = self.committer.commit(move |state| models::put_model(state, &prepared)).await;
        put.map_err(|error| self.disk.refuse(error))
    }

    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>> {
        self.committer.open()?;
        Ok(self.reader.shared.registry.read().models.values().cloned().collect())
    }

    async fn remove_model(&self, provider: &ProviderKey, name: &ModelName, force: bool) -> Result<Removed> {
        let (provider, name) = (provider.clone(), name.clone());
        self.committer.commit(move |state| models::remove_model(state, &provider, &name, force)).await
    }

    async fn component(&self, digest: Digest) -> Result<Option<Bytes>> {
        component::component(&self.reader, &self.blobs, digest).await
    }

    async fn pinned_bytes(&self, organisation: &Organisation) -> Result<u64> {
        let organisation = organisation.clone();
        self.committer.commit(move |state| Ok(state.pinned_bytes(&organisation))).await
    }

    async fn component_size(&self, digest: Digest) -> Result<Option<u64>> {
        let read = move |tree: &sled::Tree| component::find_component(tree, digest);
        let found = self.reader.read(Scope::Catalogue, read).await?;
        Ok(found.map(|content| content.bytes))
    }

    async fn component_range(&self, digest: Digest, range: Range<u64>) -> Result<Option<Bytes>> {
        component::component_range(&self.reader, &self.blobs, digest, &range).await
    }
}
