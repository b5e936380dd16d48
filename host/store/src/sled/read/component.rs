//! Finds the bytes of components and model files, and of what is staged.

use std::ops::Range;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use bytes::Bytes;

use crate::sled::disk::blobs::Blobs;
use crate::sled::disk::errors::{broken, io_error};
use crate::sled::format::references;
use crate::sled::read::content;
use crate::sled::read::reader::Reader;
use crate::sled::state::unconfirmed::Scope;
use crate::{Result, Staged, StoreError};

/// Length of a blob that a provider, a model or an unfinished job's pin keeps.
pub(crate) fn find_component(tree: &sled::Tree, digest: Digest) -> Result<Option<Content>> {
    for entry in tree.scan_prefix(references::blob_owners(digest)) {
        let (key, length) = entry.map_err(|error| broken("read a reference", error))?;
        if !references::owns_a_component(&key) {
            continue;
        }
        let bytes = references::length_in(&key, &length)?;
        return Ok(Some(Content { digest, bytes }));
    }
    Ok(None)
}

/// All of a component or model file.
pub(crate) async fn component(reader: &Reader, blobs: &Blobs, digest: Digest) -> Result<Option<Bytes>> {
    let read = move |tree: &sled::Tree| find_component(tree, digest);
    let Some(content) = reader.read(Scope::Catalogue, read).await? else {
        return Ok(None);
    };
    let bytes = blobs.get(&content).await?;
    // What is going to be run must be what was installed, to the last bit.
    let check = move || (Digest::of(&bytes) == digest).then_some(bytes);
    let checked = tokio::task::spawn_blocking(check).await;
    let checked = checked.map_err(|error| io_error("could not check a component".to_owned(), error.into()))?;
    checked.map(Some).ok_or_else(|| StoreError::Damaged { what: format!("the component {digest}") })
}

/// Part of a component or model file. Its digest is not checked: a caller that needs that reads all of it.
pub(crate) async fn component_range(
    reader: &Reader,
    blobs: &Blobs,
    digest: Digest,
    range: &Range<u64>,
) -> Result<Option<Bytes>> {
    let mut missing = None;
    loop {
        let look = move |tree: &sled::Tree| find_component(tree, digest);
        let found = reader.read(Scope::Catalogue, look).await?;
        let Some(content) = found else { return Ok(None) };
        if let Some(error) = missing {
            return Err(error);
        }
        match blobs.get_range(&content, content::within(range, content.bytes)).await {
            // Removed meanwhile, unless it is still named.
            Err(error @ StoreError::Missing(_)) => missing = Some(error),
            read => return read.map(Some),
        }
    }
}

/// Part of bytes that no record may name yet.
pub(crate) async fn staged_range(blobs: &Blobs, staged: &Staged, range: &Range<u64>) -> Result<Bytes> {
    let range = content::within(range, staged.content.bytes);
    match &staged.inline {
        Some(bytes) => content::part(bytes, &range, &staged.content),
        None => blobs.get_range(&staged.content, range).await,
    }
}
