//! Finds the bytes of a job's contents, and of components.

use std::ops::Range;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use bytes::Bytes;

use super::broken;
use super::envelope::{self, Find};
use super::keys::{self, Owner};
use crate::{Result, StoreError};

/// Where bytes are.
pub(super) enum Found {
    Here(Bytes),
    Blob,
}

/// A content of this job.
pub(super) fn find(tree: &sled::Tree, organisation: &Organisation, job: JobId, content: &Content) -> Result<Found> {
    let damaged = || StoreError::Damaged { what: format!("the content {}", content.digest) };
    match envelope::read_here(tree, &keys::content(organisation, job, content.digest)) {
        Ok(Some(bytes)) if bytes.len() as u64 == content.bytes => return Ok(Found::Here(envelope::owned(bytes))),
        Ok(Some(_)) | Err(StoreError::Damaged { .. }) => return Err(damaged()),
        Ok(None) => {}
        Err(error) => return Err(error),
    }
    // Only what the job owns: a digest alone opens nothing.
    match tree.find(&keys::reference(content.digest, &Owner::Job(organisation, job)))? {
        Some(_) => Ok(Found::Blob),
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
    super::io_error(format!("the range is not within the {} bytes of {}", content.bytes, content.digest), source)
}

/// Length of a blob that a provider, a model or an unfinished job's pin keeps.
pub(super) fn find_component(tree: &sled::Tree, digest: Digest) -> Result<Option<Content>> {
    for entry in tree.scan_prefix(keys::blob_owners(digest)) {
        let (key, length) = entry.map_err(|error| broken("read a reference", error))?;
        if keys::owned_by_a_job(&key) {
            continue;
        }
        let bytes = length_in(&key, &length)?;
        return Ok(Some(Content { digest, bytes }));
    }
    Ok(None)
}

/// The length that a reference says.
pub(super) fn length_in(key: &[u8], value: &[u8]) -> Result<u64> {
    let bytes = envelope::open_short(key, value)?.try_into().map(u64::from_be_bytes);
    bytes.map_err(|_| StoreError::Damaged { what: "a reference to a blob".to_owned() })
}
