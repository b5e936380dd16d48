//! Keeps files of organisations: a record for each, and its bytes as a blob, or beside it where they are few.
//!
//! What an organisation has of them is summed up in memory and decided on in the step that keeps one, so that two who
//! write at once cannot both have the last of the room. A record that turns out to be damaged stays counted until the
//! store opens again; its bytes stay where they are, for an operator who mends it.

use analyte_core::job::Content;
use analyte_core::names::Organisation;

use crate::sled::disk::errors::io_error;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::file_record::read;
use crate::sled::format::keys;
use crate::sled::format::references::Owner;
use crate::sled::state::State;
use crate::{FileKept, FileRecord, FilesRoom, Result, Staged, StoreError};

/// Longest path: a key must not grow so long that neighbouring records fill a page of sled's.
const PATH_BYTES: usize = 1 << 10;

/// Refuses what makes no key.
pub(crate) fn check(record: &FileRecord, bytes: &Staged) -> Result<()> {
    if record.repository.len() + record.path.len() > PATH_BYTES {
        let source = std::io::Error::from(std::io::ErrorKind::InvalidFilename);
        return Err(io_error(format!("a file's path has more than {PATH_BYTES} bytes"), source));
    }
    if record.content != bytes.content {
        return Err(StoreError::Damaged { what: format!("the content {}", record.content.digest) });
    }
    Ok(())
}

const NOTHING: FilesRoom = FilesRoom { files: 0, bytes: 0 };

/// Keeps a file, if there is room for it.
pub(crate) fn put_file(state: &mut State, record: &FileRecord, bytes: &Staged, most: FilesRoom) -> Result<FileKept> {
    let FileRecord { organisation, repository, path, content, .. } = record;
    let key = keys::file(organisation, repository, path);
    let old = look(state, &key)?;
    let has = state.files.get(organisation).copied().unwrap_or(NOTHING);
    let rest = without(has, old.as_ref());
    let then = FilesRoom { files: rest.files + 1, bytes: rest.bytes.saturating_add(content.bytes) };
    if then.files > most.files || then.bytes > most.bytes {
        return Ok(FileKept::Full(has));
    }
    match &bytes.inline {
        Some(bytes) => state.records.put(keys::file_bytes(organisation, repository, path, content.digest), bytes)?,
        None => state.references.add(&mut state.records, content, &Owner::File(organisation, repository, path))?,
    }
    state.records.put(key, &envelope::json(record)?)?;
    if let Some(old) = old.as_ref().filter(|old| old.content.digest != content.digest) {
        drop_bytes(state, old)?;
    }
    state.files.insert(organisation.clone(), then);
    state.touched_files.push(organisation.clone());
    Ok(if old.is_some() { FileKept::Replaced } else { FileKept::New })
}

/// Says whether there was one.
pub(crate) fn remove_file(
    state: &mut State,
    organisation: &Organisation,
    repository: &str,
    path: &str,
) -> Result<bool> {
    let key = keys::file(organisation, repository, path);
    let Some(old) = look(state, &key)? else { return Ok(false) };
    state.records.take_away(key)?;
    drop_bytes(state, &old)?;
    let rest = without(state.files.get(organisation).copied().unwrap_or(NOTHING), Some(&old));
    if rest == NOTHING {
        state.files.remove(organisation);
    } else {
        state.files.insert(organisation.clone(), rest);
    }
    state.touched_files.push(organisation.clone());
    Ok(true)
}

/// The file that is there now. One that cannot be read is put aside.
fn look(state: &mut State, key: &[u8]) -> Result<Option<FileRecord>> {
    let Some(head) = state.records.find(key)? else { return Ok(None) };
    match read(&state.records, key, head) {
        Ok(record) => Ok(Some(record)),
        Err(StoreError::Damaged { what }) => state.quarantine(key, &what).map(|()| None),
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
fn drop_bytes(state: &mut State, old: &FileRecord) -> Result<()> {
    let FileRecord { organisation, repository, path, content: Content { digest, .. }, .. } = old;
    state.drop_reference(*digest, &Owner::File(organisation, repository, path))?;
    state.records.take_away(keys::file_bytes(organisation, repository, path, *digest))
}
