//! Providers and models, and the bytes of their components, which stay while a live job pins them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::{ModelName, Organisation, ProviderKey};
use async_trait::async_trait;
use bytes::Bytes;

use crate::jobs::named_components;
use crate::memory::MemoryStore;
use crate::memory::contents::{take, within};
use crate::memory::data::{Data, provider_place};
use crate::{Catalogue, ModelRecord, NewContent, ProviderRecord, Removed, Result, StoreError};

impl Data {
    /// Keeps the bytes of a component, or finds that they are kept already.
    fn keep_component(&mut self, digest: Digest, length: u64, given: Option<(Digest, Bytes)>) -> Result<()> {
        match given {
            Some((of, bytes)) if of == digest && bytes.len() as u64 == length => {
                self.components.insert(digest, bytes);
                Ok(())
            }
            Some(_) => Err(StoreError::Damaged { what: format!("the component {digest}") }),
            None if self.components.get(&digest).is_some_and(|bytes| bytes.len() as u64 == length) => Ok(()),
            None => Err(StoreError::Missing(digest.to_string())),
        }
    }
}

fn given(bytes: Option<NewContent>) -> Result<Option<(Digest, Bytes)>> {
    bytes.map(|bytes| take(bytes).map(|(content, bytes)| (content.digest, bytes))).transpose()
}

#[async_trait]
impl Catalogue for MemoryStore {
    async fn put_provider(&self, record: ProviderRecord, component: Option<NewContent>) -> Result<bool> {
        let (given, mut data) = (given(component)?, self.lock()?);
        if let Some(digest) = record.digest {
            data.keep_component(digest, record.bytes, given)?;
        }
        let old = data.providers.insert(provider_place(&record.key()), Arc::new(record));
        if let Some(digest) = old.as_ref().and_then(|old| old.digest) {
            data.drop_component(digest);
        }
        Ok(old.is_some())
    }

    async fn providers(&self) -> Result<Vec<Arc<ProviderRecord>>> {
        Ok(self.lock()?.providers.values().cloned().collect())
    }

    async fn remove_provider(&self, provider: &ProviderKey, force: bool) -> Result<Removed> {
        let (mut data, place) = (self.lock()?, provider_place(provider));
        if !data.providers.contains_key(&place) {
            return Ok(Removed::NotFound);
        }
        let jobs = data.users(provider).count() as u64;
        if jobs > 0 && !force {
            return Ok(Removed::InUse { jobs });
        }
        let mut dropped: Vec<Digest> =
            data.providers.remove(&place).and_then(|record| record.digest).into_iter().collect();
        data.models.retain(|(of, _), record| {
            if *of == place {
                dropped.push(record.digest);
            }
            *of != place
        });
        for digest in dropped {
            data.drop_component(digest);
        }
        Ok(Removed::Gone)
    }

    async fn put_model(&self, record: ModelRecord, bytes: Option<NewContent>) -> Result<bool> {
        let (given, mut data) = (given(bytes)?, self.lock()?);
        data.keep_component(record.digest, record.bytes, given)?;
        let place = (provider_place(&record.provider_key()), record.name.clone());
        let old = data.models.insert(place, Arc::new(record));
        if let Some(old) = &old {
            data.drop_component(old.digest);
        }
        Ok(old.is_some())
    }

    async fn models(&self) -> Result<Vec<Arc<ModelRecord>>> {
        Ok(self.lock()?.models.values().cloned().collect())
    }

    async fn remove_model(&self, provider: &ProviderKey, name: &ModelName, force: bool) -> Result<Removed> {
        let (mut data, place) = (self.lock()?, (provider_place(provider), name.clone()));
        let Some(record) = data.models.get(&place).cloned() else { return Ok(Removed::NotFound) };
        let users = data.users(provider);
        let jobs = users
            .filter(|job| job.tasks.iter().any(|task| task.provider == provider.name && task.model == *name))
            .count() as u64;
        if jobs > 0 && !force {
            return Ok(Removed::InUse { jobs });
        }
        data.models.remove(&place);
        data.drop_component(record.digest);
        Ok(Removed::Gone)
    }

    async fn component(&self, digest: Digest) -> Result<Option<Bytes>> {
        Ok(self.lock()?.components.get(&digest).cloned())
    }

    async fn pinned_bytes(&self, organisation: &Organisation) -> Result<u64> {
        let data = self.lock()?;
        let pinned: BTreeSet<Digest> = data
            .jobs_of(organisation)
            .filter(|job| !job.status.ended())
            .flat_map(|job| named_components(job))
            .filter(|digest| !data.has_a_component(*digest))
            .collect();
        Ok(pinned.iter().filter_map(|digest| data.components.get(digest)).map(|bytes| bytes.len() as u64).sum())
    }

    async fn component_size(&self, digest: Digest) -> Result<Option<u64>> {
        Ok(self.lock()?.components.get(&digest).map(|bytes| bytes.len() as u64))
    }

    async fn component_range(&self, digest: Digest, range: Range<u64>) -> Result<Option<Bytes>> {
        Ok(self.lock()?.components.get(&digest).map(|bytes| within(bytes, &range)))
    }
}
