//! Installed providers.

use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::ProviderKey;

use super::blobs::Blobs;
use super::envelope::{self, Value};
use super::io_error;
use super::keys::{self, Owner};
use super::models;
use super::work::{Work, named};
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
pub(super) async fn prepare<R: serde::Serialize + Send + 'static>(
    blobs: &Arc<Blobs>,
    record: R,
    bytes: Option<NewContent>,
) -> Result<Prepared<R>> {
    // What a component says of itself may have megabytes.
    let written = tokio::task::spawn_blocking(move || envelope::json(&record).map(|json| (record, json))).await;
    let broke_off = |error| io_error("could not write a record".to_owned(), std::io::Error::other(error));
    let (record, json) = written.map_err(broke_off)??;
    let json = blobs.stage(NewContent::Bytes(json.into())).await?;
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

/// Lets an owner keep a component or a model file. Where the bytes are not given, somebody must keep them already: this
/// owner then has a reference of its own, and they stay when the other lets go of them.
pub(super) fn keep_component(
    work: &mut Work,
    content: &Content,
    given: Option<&Staged>,
    owner: &Owner<'_>,
) -> Result<()> {
    if given.is_some_and(|given| given.content != *content) {
        return Err(StoreError::Damaged { what: format!("the component {}", content.digest) });
    }
    if given.is_none() && work.references.bytes_of(content.digest) != Some(content.bytes) {
        return Err(StoreError::Missing(content.digest.to_string()));
    }
    work.references.add(&mut work.records, content, owner)
}

/// Says whether there was one.
pub(super) fn put_provider(work: &mut Work, new: &Prepared<ProviderRecord>) -> Result<bool> {
    let record = &new.record;
    let provider = record.key();
    let owner = Owner::Component(&provider);
    if let Some(digest) = record.digest {
        keep_component(work, &Content { digest, bytes: record.bytes }, new.bytes.as_ref(), &owner)?;
    }
    let old = work.catalogue.providers.insert(named(&provider), Arc::clone(record));
    work.catalogue_changed = true;
    if let Some(old) = old.as_ref().and_then(|old| old.digest).filter(|old| Some(*old) != record.digest) {
        work.drop_component(old, &owner)?;
    }
    put_record(work, keys::provider(&provider), &new.json, &Owner::ProviderRecord(&provider))?;
    Ok(old.is_some())
}

/// Removes a provider with its published models.
pub(super) fn remove_provider(work: &mut Work, provider: &ProviderKey, force: bool) -> Result<Removed> {
    let name = named(provider);
    let Some(record) = work.catalogue.providers.get(&name).cloned() else { return Ok(Removed::NotFound) };
    let jobs = work.users.count(provider);
    if jobs > 0 && !force {
        return Ok(Removed::InUse { jobs });
    }
    let published = work.catalogue.models.keys().filter(|(of, _)| *of == name).map(|(_, model)| model.clone());
    for model in published.collect::<Vec<_>>() {
        models::drop_model(work, provider, &model)?;
    }
    if let Some(digest) = record.digest {
        work.drop_component(digest, &Owner::Component(provider))?;
    }
    drop_record(work, &keys::provider(provider), &Owner::ProviderRecord(provider))?;
    work.catalogue.providers.remove(&name);
    work.catalogue_changed = true;
    Ok(Removed::Gone)
}
