//! Finds the bytes of a job's contents: within its record, beside it, or as a blob.

use std::ops::Range;

use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use bytes::Bytes;

use crate::sled::disk::errors::io_error;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::references::{self, Owner};
use crate::sled::format::{inline_contents, job_record, keys};
use crate::{Result, StoreError};

/// Where bytes are.
pub(crate) enum Found {
    Here(Bytes),
    Blob,
}

/// A content of this job.
pub(crate) fn find(tree: &sled::Tree, organisation: &Organisation, job: JobId, content: &Content) -> Result<Found> {
    let damaged = || StoreError::Damaged { what: format!("the content {}", content.digest) };
    let mut harmed = false;
    if content.bytes <= inline_contents::MOST as u64 {
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
    match tree.find(&references::reference(content.digest, &Owner::Job(organisation, job)))? {
        Some(_) => Ok(Found::Blob),
        None if harmed => Err(damaged()),
        None => Err(StoreError::Missing(content.digest.to_string())),
    }
}

/// Part of bytes that are here.
pub(crate) fn part(bytes: &Bytes, range: &Range<u64>, content: &Content) -> Result<Bytes> {
    let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
    match range {
        Some((start, end)) if start <= end && end <= bytes.len() => Ok(bytes.slice(start..end)),
        _ => Err(outside(content)),
    }
}

/// The range does not lie within the content.
pub(crate) fn outside(content: &Content) -> StoreError {
    let source = std::io::Error::from(std::io::ErrorKind::InvalidInput);
    io_error(format!("the range is not within the {} bytes of {}", content.bytes, content.digest), source)
}

/// What of a range lies within this number of bytes.
pub(crate) fn within(range: &Range<u64>, bytes: u64) -> Range<u64> {
    let end = range.end.min(bytes);
    range.start.min(end)..end
}
