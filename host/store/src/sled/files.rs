//! Files of organisations: a record for each, and its bytes as a blob, or beside it where they are few.
//!
//! What an organisation has of them is summed up in memory and decided on in the step that keeps one, so that two who write
//! at once cannot both have the last of the room. A record that turns out to be damaged stays counted until the store
//! opens again; its bytes stay where they are, for whoever mends it.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::Organisation;
use bytes::Bytes;
use sled::IVec;

use super::content::{self, Found};
use super::doubt::Scope;
use super::envelope::{self, Find, Value};
use super::keys::{self, Owner};
use super::work::Work;
use super::{SledStore, broken, io_error, reader};
use crate::{FileKept, FileRecord, FilesRoom, Result, Staged, StoreError};

/// Longest path: a key must not grow so long that neighbouring records fill a page of sled's.
const PATH_BYTES: usize = 1 << 10;
/// Records read in one go, while the readers' lock is held.
const PORTION: usize = 256;

/// Refuses what makes no key.
pub(super) fn check(record: &FileRecord, bytes: &Staged) -> Result<()> {
    if record.repository.len() + record.path.len() > PATH_BYTES {
        let source = std::io::Error::from(std::io::ErrorKind::InvalidFilename);
        return Err(io_error(format!("a file's path has more than {PATH_BYTES} bytes"), source));
    }
    if record.content != bytes.content {
        return Err(StoreError::Damaged { what: format!("the content {}", record.content.digest) });
    }
    Ok(())
}

/// Reads one record as it lies there.
pub(super) fn read(from: &impl Find, key: &[u8], head: IVec) -> Result<FileRecord> {
    let damaged = || StoreError::Damaged { what: "the record of a file".to_owned() };
    let Value::Here(bytes) = envelope::open(from, key, head)? else { return Err(damaged()) };
    let record: FileRecord = envelope::parse(key, &bytes)?;
    if keys::file(&record.organisation, &record.repository, &record.path) == key { Ok(record) } else { Err(damaged()) }
}

/// What came of reading one: the record, or that it is damaged.
pub(super) type Looked = std::result::Result<Option<Arc<FileRecord>>, Vec<u8>>;

/// One record.
pub(super) fn find(tree: &sled::Tree, key: Vec<u8>) -> Result<Looked> {
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
pub(super) async fn list(
    store: &SledStore,
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
        let portion = reader::read(&store.shared, &store.committer, scope, look).await?;
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
    let reference = keys::reference(content.digest, &Owner::File(organisation, repository, path));
    Ok(tree.find(&reference)?.map(|_| Found::Blob))
}

/// Part of a file's bytes.
pub(super) async fn range(store: &SledStore, record: &FileRecord, range: &Range<u64>) -> Result<Option<Bytes>> {
    let range = content::within(range, record.content.bytes);
    let mut missing = None;
    loop {
        let (of, part) = (record.clone(), range.clone());
        let look = move |tree: &sled::Tree| find_bytes(tree, &of, &part);
        let scope = Scope::Files(record.organisation.clone());
        match (reader::read(&store.shared, &store.committer, scope, look).await?, missing) {
            (None, _) => return Ok(None),
            (Some(Found::Here(bytes)), _) => return Ok(Some(bytes)),
            (Some(Found::Blob), Some(error)) => return Err(error),
            (Some(Found::Blob), None) => {}
        }
        match store.blobs.get_range(&record.content, range.clone()).await {
            // Removed meanwhile, unless it is still named.
            Err(error @ StoreError::Missing(_)) => missing = Some(error),
            read => return read.map(Some),
        }
    }
}

/// Sums up what there is when the store opens. What cannot be read is put aside.
pub(super) fn learn(work: &mut Work) -> Result<()> {
    let mut found = Vec::new();
    let mut damaged = Vec::new();
    for entry in work.records.scan(&[keys::FILE]) {
        let (key, head) = entry?;
        match read(&work.records, &key, head) {
            Ok(record) => found.push((record.organisation, record.content.bytes)),
            Err(StoreError::Damaged { what }) => damaged.push((key, what)),
            Err(error) => return Err(error),
        }
    }
    for (organisation, bytes) in found {
        let has = work.files.entry(organisation).or_insert(NOTHING);
        has.files += 1;
        has.bytes += bytes;
    }
    for (key, what) in damaged {
        work.quarantine(&key, &what)?;
    }
    Ok(())
}

const NOTHING: FilesRoom = FilesRoom { files: 0, bytes: 0 };

/// Keeps a file, if there is room for it.
pub(super) fn put_file(work: &mut Work, record: &FileRecord, bytes: &Staged, most: FilesRoom) -> Result<FileKept> {
    let FileRecord { organisation, repository, path, content, .. } = record;
    let key = keys::file(organisation, repository, path);
    let old = look(work, &key)?;
    let has = work.files.get(organisation).copied().unwrap_or(NOTHING);
    let rest = without(has, old.as_ref());
    let then = FilesRoom { files: rest.files + 1, bytes: rest.bytes.saturating_add(content.bytes) };
    if then.files > most.files || then.bytes > most.bytes {
        return Ok(FileKept::Full(has));
    }
    match &bytes.inline {
        Some(bytes) => work.records.put(keys::file_bytes(organisation, repository, path, content.digest), bytes)?,
        None => work.references.add(&mut work.records, content, &Owner::File(organisation, repository, path))?,
    }
    work.records.put(key, &envelope::json(record)?)?;
    if let Some(old) = old.as_ref().filter(|old| old.content.digest != content.digest) {
        drop_bytes(work, old)?;
    }
    work.files.insert(organisation.clone(), then);
    work.touched_files.push(organisation.clone());
    Ok(if old.is_some() { FileKept::Replaced } else { FileKept::New })
}

/// Says whether there was one.
pub(super) fn remove_file(work: &mut Work, organisation: &Organisation, repository: &str, path: &str) -> Result<bool> {
    let key = keys::file(organisation, repository, path);
    let Some(old) = look(work, &key)? else { return Ok(false) };
    work.records.take_away(key)?;
    drop_bytes(work, &old)?;
    let rest = without(work.files.get(organisation).copied().unwrap_or(NOTHING), Some(&old));
    if rest == NOTHING {
        work.files.remove(organisation);
    } else {
        work.files.insert(organisation.clone(), rest);
    }
    work.touched_files.push(organisation.clone());
    Ok(true)
}

/// The file that is there now. One that cannot be read is put aside.
fn look(work: &mut Work, key: &[u8]) -> Result<Option<FileRecord>> {
    let Some(head) = work.records.find(key)? else { return Ok(None) };
    match read(&work.records, key, head) {
        Ok(record) => Ok(Some(record)),
        Err(StoreError::Damaged { what }) => work.quarantine(key, &what).map(|()| None),
        Err(error) => Err(error),
    }
}

fn without(has: FilesRoom, old: Option<&FileRecord>) -> FilesRoom {
    old.map_or(has, |old| FilesRoom {
        files: has.files.saturating_sub(1),
        bytes: has.bytes.saturating_sub(old.content.bytes),
    })
}

/// They are in one place or the other; in both where that which counts as few has changed since.
fn drop_bytes(work: &mut Work, old: &FileRecord) -> Result<()> {
    let FileRecord { organisation, repository, path, content: Content { digest, .. }, .. } = old;
    work.drop_reference(*digest, &Owner::File(organisation, repository, path))?;
    work.records.take_away(keys::file_bytes(organisation, repository, path, *digest))
}
