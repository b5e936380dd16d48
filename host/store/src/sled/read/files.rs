//! Files of organisations: their records, and parts of their bytes.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::names::Organisation;
use bytes::Bytes;

use crate::sled::disk::blobs::Blobs;
use crate::sled::disk::errors::broken;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::file_record::read;
use crate::sled::format::keys;
use crate::sled::format::references::{self, Owner};
use crate::sled::read::content::{self, Found};
use crate::sled::read::reader::Reader;
use crate::sled::state::unconfirmed::Scope;
use crate::{FileRecord, Result, StoreError};

/// Records read in one go, while the readers' lock is held.
const PORTION: usize = 256;

/// What came of reading one: the record, or that it is damaged.
pub(crate) type Looked = std::result::Result<Option<Arc<FileRecord>>, Vec<u8>>;

/// One record.
pub(crate) fn find(tree: &sled::Tree, key: Vec<u8>) -> Result<Looked> {
    let Some(head) = tree.find(&key)? else { return Ok(Ok(None)) };
    match read(tree, &key, head) {
        Ok(record) => Ok(Ok(Some(Arc::new(record)))),
        Err(StoreError::Damaged { .. }) => Ok(Err(key)),
        Err(error) => Err(error),
    }
}

/// Part of a list of files.
struct Portion {
    files: Vec<Arc<FileRecord>>,
    damaged: Vec<Vec<u8>>,
    /// Where to go on; `None`: at the end.
    next: Option<Vec<u8>>,
}

/// Records under a prefix from this key on.
fn portion(tree: &sled::Tree, prefix: &[u8], from: &[u8], most: usize) -> Result<Portion> {
    let mut portion = Portion { files: Vec::new(), damaged: Vec::new(), next: None };
    for (looked, entry) in tree.range(from..).enumerate() {
        let (key, head) = entry.map_err(|error| broken("read the record of a file", error))?;
        if !key.starts_with(prefix) {
            break;
        }
        if portion.files.len() >= most || looked >= PORTION {
            portion.next = Some(key.to_vec());
            break;
        }
        match read(tree, &key, head) {
            Ok(record) => portion.files.push(Arc::new(record)),
            Err(StoreError::Damaged { .. }) => portion.damaged.push(key.to_vec()),
            Err(error) => return Err(error),
        }
    }
    Ok(portion)
}

/// Records under a prefix after this key, and the keys of those that could not be read and are left out.
pub(crate) async fn list(
    reader: &Reader,
    organisation: &Organisation,
    prefix: &[u8],
    after: Option<Vec<u8>>,
    most: usize,
) -> Result<(Vec<Arc<FileRecord>>, Vec<Vec<u8>>)> {
    let prefix: Arc<[u8]> = prefix.into();
    let from = after.map_or_else(Vec::new, |mut after| {
        after.push(0);
        after
    });
    let (mut files, mut damaged) = (Vec::new(), Vec::new());
    let mut next = Some(from.max(prefix.to_vec()));
    while let (Some(from), true) = (next, files.len() < most) {
        let (prefix, left) = (Arc::clone(&prefix), most - files.len());
        let look = move |tree: &sled::Tree| portion(tree, &prefix, &from, left);
        let scope = Scope::Files(organisation.clone());
        let portion = reader.read(scope, look).await?;
        files.extend(portion.files);
        damaged.extend(portion.damaged);
        next = portion.next;
    }
    Ok((files, damaged))
}

/// Where the bytes of this file are, and the part of them if they are here; `None`: they are not kept any more.
fn find_bytes(tree: &sled::Tree, record: &FileRecord, range: &Range<u64>) -> Result<Option<Found>> {
    let FileRecord { organisation, repository, path, content, .. } = record;
    let here = keys::file_bytes(organisation, repository, path, content.digest);
    match envelope::read_here(tree, &here) {
        Ok(Some(bytes)) if bytes.len() as u64 == content.bytes => {
            let part = content::part(&envelope::owned(bytes), range, content)?;
            return Ok(Some(Found::Here(part)));
        }
        Ok(Some(_)) | Err(StoreError::Damaged { .. }) => {
            return Err(StoreError::Damaged { what: format!("the content {}", content.digest) });
        }
        Ok(None) => {}
        Err(error) => return Err(error),
    }
    let reference = references::reference(content.digest, &Owner::File(organisation, repository, path));
    Ok(tree.find(&reference)?.map(|_| Found::Blob))
}

/// Part of a file's bytes.
pub(crate) async fn range(
    reader: &Reader,
    blobs: &Blobs,
    record: &FileRecord,
    range: &Range<u64>,
) -> Result<Option<Bytes>> {
    let range = content::within(range, record.content.bytes);
    let mut missing = None;
    loop {
        let (of, part) = (record.clone(), range.clone());
        let look = move |tree: &sled::Tree| find_bytes(tree, &of, &part);
        let scope = Scope::Files(record.organisation.clone());
        match (reader.read(scope, look).await?, missing) {
            (None, _) => return Ok(None),
            (Some(Found::Here(bytes)), _) => return Ok(Some(bytes)),
            (Some(Found::Blob), Some(error)) => return Err(error),
            (Some(Found::Blob), None) => {}
        }
        match blobs.get_range(&record.content, range.clone()).await {
            // Removed meanwhile, unless it is still named.
            Err(error @ StoreError::Missing(_)) => missing = Some(error),
            read => return read.map(Some),
        }
    }
}
