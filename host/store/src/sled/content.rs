//! Finds the bytes of a job's contents, and of components.

use std::ops::Range;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use bytes::Bytes;

use super::doubt::Scope;
use super::envelope::{self, Find};
use super::keys::{self, Owner};
use super::{SledStore, broken, io_error, job_record, reader, within};
use crate::{Result, Staged, StoreError};

/// Where bytes are.
pub(super) enum Found {
    Here(Bytes),
    Blob,
}

/// A content of this job.
pub(super) fn find(tree: &sled::Tree, organisation: &Organisation, job: JobId, content: &Content) -> Result<Found> {
    let damaged = || StoreError::Damaged { what: format!("the content {}", content.digest) };
    let mut harmed = false;
    if content.bytes <= within::MOST as u64 {
        match job_record::content(tree, organisation, job, content.digest) {
            Ok(Some(bytes)) if bytes.len() as u64 == content.bytes => return Ok(Found::Here(bytes)),
            Ok(None) => {}
            // There may be another one, which lies where format 3 kept it.
            Ok(Some(_)) | Err(StoreError::Damaged { .. }) => harmed = true,
            Err(error) => return Err(error),
        }
    }
    match envelope::read_here(tree, &keys::content(organisation, job, content.digest)) {
        Ok(Some(bytes)) if bytes.len() as u64 == content.bytes => return Ok(Found::Here(envelope::owned(bytes))),
        Ok(Some(_)) | Err(StoreError::Damaged { .. }) => return Err(damaged()),
        Ok(None) => {}
        Err(error) => return Err(error),
    }
    // Only what the job owns: a digest alone opens nothing.
    match tree.find(&keys::reference(content.digest, &Owner::Job(organisation, job)))? {
        Some(_) => Ok(Found::Blob),
        None if harmed => Err(damaged()),
        None => Err(StoreError::Missing(content.digest.to_string())),
    }
}

/// Part of bytes that are here.
pub(super) fn part(bytes: &Bytes, range: &Range<u64>, content: &Content) -> Result<Bytes> {
    let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
    match range {
        Some((start, end)) if start <= end && end <= bytes.len() => Ok(bytes.slice(start..end)),
        _ => Err(outside(content)),
    }
}

/// The range does not lie within the content.
pub(super) fn outside(content: &Content) -> StoreError {
    let source = std::io::Error::from(std::io::ErrorKind::InvalidInput);
    io_error(format!("the range is not within the {} bytes of {}", content.bytes, content.digest), source)
}

/// What of a range lies within so many bytes.
pub(super) fn within(range: &Range<u64>, bytes: u64) -> Range<u64> {
    let end = range.end.min(bytes);
    range.start.min(end)..end
}

/// Length of a blob that a provider, a model or an unfinished job's pin keeps.
pub(super) fn find_component(tree: &sled::Tree, digest: Digest) -> Result<Option<Content>> {
    for entry in tree.scan_prefix(keys::blob_owners(digest)) {
        let (key, length) = entry.map_err(|error| broken("read a reference", error))?;
        if !keys::owns_a_component(&key) {
            continue;
        }
        let bytes = length_in(&key, &length)?;
        return Ok(Some(Content { digest, bytes }));
    }
    Ok(None)
}

/// All of a component or model file.
pub(super) async fn component(store: &SledStore, digest: Digest) -> Result<Option<Bytes>> {
    let read = move |tree: &sled::Tree| find_component(tree, digest);
    let Some(content) = reader::read(&store.shared, &store.committer, Scope::Catalogue, read).await? else {
        return Ok(None);
    };
    let bytes = store.blobs.get(&content).await?;
    // What is going to be run must be what was installed, to the last bit.
    let check = move || (Digest::of(&bytes) == digest).then_some(bytes);
    let checked = tokio::task::spawn_blocking(check).await;
    let checked = checked.map_err(|error| io_error("could not check a component".to_owned(), error.into()))?;
    checked.map(Some).ok_or_else(|| StoreError::Damaged { what: format!("the component {digest}") })
}

/// Part of a component or model file. Nothing tells whether it is what was installed: whoever needs to know reads all.
pub(super) async fn component_range(store: &SledStore, digest: Digest, range: &Range<u64>) -> Result<Option<Bytes>> {
    let mut missing = None;
    loop {
        let look = move |tree: &sled::Tree| find_component(tree, digest);
        let found = reader::read(&store.shared, &store.committer, Scope::Catalogue, look).await?;
        let Some(content) = found else { return Ok(None) };
        if let Some(error) = missing {
            return Err(error);
        }
        match store.blobs.get_range(&content, within(range, content.bytes)).await {
            // Removed meanwhile, unless it is still named.
            Err(error @ StoreError::Missing(_)) => missing = Some(error),
            read => return read.map(Some),
        }
    }
}

/// Part of bytes that nothing may name yet.
pub(super) async fn staged_range(store: &SledStore, staged: &Staged, range: &Range<u64>) -> Result<Bytes> {
    let range = within(range, staged.content.bytes);
    match &staged.inline {
        Some(bytes) => part(bytes, &range, &staged.content),
        None => store.blobs.get_range(&staged.content, range).await,
    }
}

/// The length that a reference says.
pub(super) fn length_in(key: &[u8], value: &[u8]) -> Result<u64> {
    let bytes = envelope::open_short(key, value)?.try_into().map(u64::from_be_bytes);
    bytes.map_err(|_| StoreError::Damaged { what: "a reference to a blob".to_owned() })
}
