//! How a value lies in the tree: `kind, crc32 of what follows, what follows`. A job's record may have more
//! (`inline_contents.rs`).
//!
//! sled splits a leaf by the *number* of its entries (16), not by their size, and writes a leaf of more than 128 KiB to
//! a file that it neither syncs nor ever frees. A value is therefore cut into pieces small enough that no leaf grows so
//! large beside any neighbours; the first one says how many follow.

use std::borrow::Cow;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use sled::IVec;

use crate::sled::disk::errors::broken;
use crate::sled::format::keys;
use crate::{Result, StoreError};

/// Longest value of one key. Even a leaf of 20 such entries, the most that a merge leaves, stays below sled's 128 KiB.
pub(crate) const PIECE_BYTES: usize = 4 << 10;

const WHOLE: u8 = 1;
const PIECES: u8 = 2;
const ELSEWHERE: u8 = 3;
/// A job's record with contents within.
pub(crate) const WITH: u8 = 4;
/// Bytes of a length in such a record.
pub(crate) const LENGTH: usize = 4;
/// Bytes before what the checksum is for.
pub(crate) const HEAD: usize = 5;

/// Anything that finds a value by its key.
pub(crate) trait Find {
    fn find(&self, key: &[u8]) -> Result<Option<IVec>>;
}

impl Find for sled::Tree {
    fn find(&self, key: &[u8]) -> Result<Option<IVec>> {
        self.get(key).map_err(|error| broken("read a record", error))
    }
}

/// What a key holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// The bytes.
    Here(Bytes),
    /// They are a blob.
    Elsewhere(Content),
}

/// Bytes as sled holds them, or put together from pieces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    One(IVec),
    /// Those of this range.
    Part(IVec, std::ops::Range<usize>),
    Joined(Vec<u8>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::One(value) => value.get(HEAD..).unwrap_or_default(),
            Self::Part(value, range) => value.get(range.clone()).unwrap_or_default(),
            Self::Joined(bytes) => bytes,
        }
    }
}

fn sealed(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD + payload.len());
    value.push(kind);
    value.extend_from_slice(&crc32fast::hash(payload).to_be_bytes());
    value.extend_from_slice(payload);
    value
}

/// The entries under which `payload` is kept; the first one is for `key` itself.
pub(crate) fn entries(key: Vec<u8>, payload: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    if payload.len() <= PIECE_BYTES {
        return vec![(key, sealed(WHOLE, payload))];
    }
    let pieces = payload.chunks(PIECE_BYTES);
    // Callers bound what they keep in the tree far below 65,536 pieces (256 MiB).
    let count = u16::try_from(pieces.len()).unwrap_or(u16::MAX);
    let mut head = vec![PIECES];
    head.extend_from_slice(&crc32fast::hash(payload).to_be_bytes());
    head.extend_from_slice(&count.to_be_bytes());
    let tail: Vec<_> = (0..count).zip(pieces).map(|(n, piece)| (keys::piece(&key, n), piece.to_vec())).collect();
    let mut entries = vec![(key, head)];
    entries.extend(tail);
    entries
}

/// The value of a key whose bytes are a blob.
pub(crate) fn elsewhere(content: &Content) -> Vec<u8> {
    let mut payload = content.digest.as_bytes().to_vec();
    payload.extend_from_slice(&content.bytes.to_be_bytes());
    sealed(ELSEWHERE, &payload)
}

/// How many pieces follow this first one.
pub(crate) fn pieces(head: &[u8]) -> u16 {
    match head.split_first() {
        Some((&PIECES, rest)) => rest.get(4..6).and_then(|count| count.try_into().ok()).map_or(0, u16::from_be_bytes),
        _ => 0,
    }
}

/// A value of few bytes that is read without an envelope: the bytes, and their checksum.
pub(crate) fn short(bytes: &[u8]) -> Vec<u8> {
    let mut value = bytes.to_vec();
    value.extend_from_slice(&crc32fast::hash(bytes).to_be_bytes());
    value
}

/// The bytes of such a value.
pub(crate) fn open_short<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8]> {
    let (bytes, crc) = value.split_last_chunk::<4>().ok_or_else(|| damaged(key))?;
    if crc32fast::hash(bytes).to_be_bytes() == *crc { Ok(bytes) } else { Err(damaged(key)) }
}

/// Bytes that a value takes, as its first piece says.
pub(crate) fn length(head: &[u8]) -> usize {
    head.len() + usize::from(pieces(head)) * PIECE_BYTES
}

/// From where to where the JSON lies in a job's record with contents within; `None`: it is cut short.
pub(crate) fn json_of_job(value: &[u8]) -> Option<std::ops::Range<usize>> {
    let (length, rest) = value.get(HEAD..)?.split_first_chunk::<LENGTH>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let begin = HEAD + LENGTH;
    rest.get(..length).map(|_| begin..begin + length)
}

fn damaged(key: &[u8]) -> StoreError {
    let letter = key.first().copied().map_or('?', char::from);
    StoreError::Damaged { what: format!("a record of kind `{letter}`") }
}

/// Reads the value of `key`; `None`: there is none.
pub(crate) fn read(from: &impl Find, key: &[u8]) -> Result<Option<Value>> {
    let Some(head) = from.find(key)? else { return Ok(None) };
    open(from, key, head).map(Some)
}

/// Reads on from the first piece.
pub(crate) fn open(from: &impl Find, key: &[u8], head: IVec) -> Result<Value> {
    let (kind, crc) = match head.split_first_chunk::<HEAD>() {
        Some(([kind, crc @ ..], _)) => (*kind, u32::from_be_bytes(*crc)),
        None => return Err(damaged(key)),
    };
    let bytes = match kind {
        WHOLE | ELSEWHERE => Bytes::One(head),
        WITH => {
            let json = json_of_job(&head).ok_or_else(|| damaged(key))?;
            Bytes::Part(head, json)
        }
        PIECES => {
            let mut joined = Vec::new();
            for number in 0..pieces(&head) {
                let piece = from.find(&keys::piece(key, number))?.ok_or_else(|| damaged(key))?;
                joined.extend_from_slice(&piece);
            }
            Bytes::Joined(joined)
        }
        _ => return Err(damaged(key)),
    };
    if crc32fast::hash(&bytes) != crc {
        return Err(damaged(key));
    }
    if kind != ELSEWHERE {
        return Ok(Value::Here(bytes));
    }
    let (digest, length) = bytes.split_first_chunk::<32>().ok_or_else(|| damaged(key))?;
    let length = length.try_into().map_err(|_| damaged(key))?;
    Ok(Value::Elsewhere(Content { digest: Digest::from_bytes(*digest), bytes: u64::from_be_bytes(length) }))
}

/// Reads a value that is never a blob.
pub(crate) fn read_here(from: &impl Find, key: &[u8]) -> Result<Option<Bytes>> {
    let Some(head) = from.find(key)? else { return Ok(None) };
    open_here(from, key, head).map(Some)
}

/// The same, from the first piece on.
pub(crate) fn open_here(from: &impl Find, key: &[u8], head: IVec) -> Result<Bytes> {
    match open(from, key, head)? {
        Value::Here(bytes) => Ok(bytes),
        Value::Elsewhere(_) => Err(damaged(key)),
    }
}

/// Reads JSON.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| damaged(key))
}

/// Writes JSON.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|error| StoreError::Io { doing: "could not write a record as JSON".to_owned(), source: error.into() })
}

/// The bytes as a value of their own, which may be kept longer than the record.
pub(crate) fn owned(bytes: Bytes) -> bytes::Bytes {
    match bytes {
        Bytes::Joined(bytes) => bytes.into(),
        other => Cow::into_owned(Cow::Borrowed(&*other)).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    impl Find for HashMap<Vec<u8>, Vec<u8>> {
        fn find(&self, key: &[u8]) -> Result<Option<IVec>> {
            Ok(self.get(key).map(|value| IVec::from(value.as_slice())))
        }
    }

    #[test]
    fn values_of_every_size_are_read_back_and_every_flipped_bit_is_noticed() -> Result<()> {
        for size in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 48 << 10] {
            let payload: Vec<u8> = (0..size).map(|n| (n % 251).to_le_bytes()).map(|[byte, ..]| byte).collect();
            let tree: HashMap<_, _> = entries(b"key".to_vec(), &payload).into_iter().collect();
            assert!(tree.values().all(|value| value.len() <= PIECE_BYTES + HEAD));
            assert_eq!(read_here(&tree, b"key")?.as_deref(), Some(payload.as_slice()));
            for key in tree.keys().cloned().collect::<Vec<_>>() {
                let mut torn = tree.clone();
                if let Some(last) = torn.get_mut(&key).and_then(|value| value.last_mut()) {
                    *last ^= 0x80;
                }
                assert!(matches!(read_here(&torn, b"key"), Err(StoreError::Damaged { .. })), "{size}");
            }
        }
        Ok(())
    }
}
