//! Records of providers and models: in the tree where they are short, as a blob where they are long, and the bytes that
//! belong to them.

use std::sync::Arc;

use analyte_core::job::Content;

use crate::sled::disk::blobs::Blobs;
use crate::sled::disk::errors::io_error;
use crate::sled::format::envelope::{self, Value};
use crate::sled::format::references::Owner;
use crate::sled::state::State;
use crate::{NewContent, Result, Staged, StoreError};

/// A record whose bytes are written where they are many.
pub(crate) struct Prepared<R> {
    pub(crate) record: Arc<R>,
    /// The record as JSON.
    pub(crate) json: Staged,
    /// Component or model file.
    pub(crate) bytes: Option<Staged>,
}

/// Writes the component, and the record where it is long.
pub(crate) async fn prepare<R: serde::Serialize + Send + 'static>(
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

/// Writes a record in place of the one that is there, and ends the reference to the blob that held that one.
pub(crate) fn put_record(state: &mut State, key: Vec<u8>, json: &Staged, owner: &Owner<'_>) -> Result<()> {
    drop_record(state, &key, owner)?;
    if let Some(bytes) = &json.inline {
        return state.records.put(key, bytes);
    }
    state.references.add(&mut state.records, &json.content, owner)?;
    state.records.put_elsewhere(key, &json.content)
}

/// Removes a record with the blob that holds it.
pub(crate) fn drop_record(state: &mut State, key: &[u8], owner: &Owner<'_>) -> Result<()> {
    if let Ok(Some(Value::Elsewhere(content))) = envelope::read(&state.records, key) {
        state.drop_reference(content.digest, owner)?;
    }
    state.records.take_away(key.to_vec())
}

/// Lets an owner keep a component or a model file. Where the bytes are not given, another owner must keep them already:
/// this owner then has a reference of its own, and they stay when the other lets go of them.
pub(crate) fn keep_component(
    state: &mut State,
    content: &Content,
    given: Option<&Staged>,
    owner: &Owner<'_>,
) -> Result<()> {
    if given.is_some_and(|given| given.content != *content) {
        return Err(StoreError::Damaged { what: format!("the component {}", content.digest) });
    }
    if given.is_none() && state.references.bytes_of(content.digest) != Some(content.bytes) {
        return Err(StoreError::Missing(content.digest.to_string()));
    }
    state.references.add(&mut state.records, content, owner)
}
