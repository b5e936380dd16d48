//! Installed providers.

use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::ProviderName;

use super::blobs::Blobs;
use super::envelope::{self, Value};
use super::keys::{self, Owner};
use super::models;
use super::work::Work;
use crate::{NewContent, ProviderRecord, Removed, Result, Staged, StoreError};

/// A record whose bytes are written where they are many.
pub(super) struct Prepared<R> {
    pub(super) record: Arc<R>,
    /// The record as JSON.
    pub(super) json: Staged,
    /// Component or model file.
    pub(super) bytes: Option<Staged>,
}

/// Writes the component, and the record where it is long.
pub(super) async fn prepare<R: serde::Serialize>(
    blobs: &Arc<Blobs>,
    record: R,
    bytes: Option<NewContent>,
) -> Result<Prepared<R>> {
    let json = blobs.stage(NewContent::Bytes(envelope::json(&record)?.into())).await?;
    let bytes = match bytes {
        Some(bytes) => Some(blobs.stage_as_blob(bytes).await?),
        None => None,
    };
    Ok(Prepared { record: Arc::new(record), json, bytes })
}

/// Writes a record in place of the one that is there, and lets go of the blob that held that one.
pub(super) fn put_record(work: &mut Work, key: Vec<u8>, json: &Staged, owner: &Owner<'_>) -> Result<()> {
    drop_record(work, &key, owner)?;
    if let Some(bytes) = &json.inline {
        return work.records.put(key, bytes);
    }
    work.references.add(&mut work.records, &json.content, owner)?;
    work.records.put_elsewhere(key, &json.content)
}

/// Removes a record with the blob that holds it.
pub(super) fn drop_record(work: &mut Work, key: &[u8], owner: &Owner<'_>) -> Result<()> {
    if let Ok(Some(Value::Elsewhere(content))) = envelope::read(&work.records, key) {
        work.drop_reference(content.digest, owner)?;
    }
    work.records.take_away(key.to_vec())
}

/// Lets an owner keep a component or a model file; where the bytes were not given they must be there.
pub(super) fn keep_component(
    work: &mut Work,
    content: &Content,
    given: Option<&Staged>,
    owner: &Owner<'_>,
) -> Result<()> {
    if given.is_some_and(|given| given.content != *content) {
        return Err(StoreError::Damaged { what: format!("the component {}", content.digest) });
    }
    if given.is_none() && !work.references.has(content.digest) {
        return Err(StoreError::Missing(content.digest.to_string()));
    }
    work.references.add(&mut work.records, content, owner)
}

/// Says whether there was one.
pub(super) fn put_provider(work: &mut Work, new: &Prepared<ProviderRecord>) -> Result<bool> {
    let record = &new.record;
    let name = &record.name;
    let owner = Owner::Component(name);
    if let Some(digest) = record.digest {
        keep_component(work, &Content { digest, bytes: record.bytes }, new.bytes.as_ref(), &owner)?;
    }
    let old = work.catalogue.providers.insert(name.clone(), Arc::clone(record));
    work.catalogue_changed = true;
    if let Some(old) = old.as_ref().and_then(|old| old.digest).filter(|old| Some(*old) != record.digest) {
        work.drop_component(old, &owner)?;
    }
    put_record(work, keys::provider(name), &new.json, &Owner::ProviderRecord(name))?;
    Ok(old.is_some())
}

/// Removes a provider with its published models.
pub(super) fn remove_provider(work: &mut Work, name: &ProviderName, force: bool) -> Result<Removed> {
    let Some(record) = work.catalogue.providers.get(name).cloned() else { return Ok(Removed::NotFound) };
    let jobs = work.users.get(name).map_or(0, |users| users.len() as u64);
    if jobs > 0 && !force {
        return Ok(Removed::InUse { jobs });
    }
    let published: Vec<_> = work.catalogue.models.keys().filter(|(provider, _)| provider == name).cloned().collect();
    for (provider, model) in published {
        models::drop_model(work, &provider, &model)?;
    }
    if let Some(digest) = record.digest {
        work.drop_component(digest, &Owner::Component(name))?;
    }
    drop_record(work, &keys::provider(name), &Owner::ProviderRecord(name))?;
    work.catalogue.providers.remove(name);
    work.catalogue_changed = true;
    Ok(Removed::Gone)
}
