//! The tree as the operations of one batch see it: what is stored, under what they have written so far.
//!
//! Nothing reaches the tree before [`Records::apply`], which hands all of it to sled as one atomic batch. That is never
//! part of an operation, and with many operations not all of them: sled applies a batch in no order at all, and so the
//! slower for each entry, the farther apart these lie.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use analyte_core::job::Content;
use parking_lot::RwLock;
use sled::IVec;

use crate::sled::disk::errors::broken;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys;
use crate::sled::state::snapshot::Snapshot;
use crate::{Result, StoreError};

/// Entries that are enough for a batch. With half as many sled writes more, with twice as many it takes longer.
const MANY: usize = 1_000;

/// The tree, with what the operations of the batch at hand have written.
#[derive(Debug)]
pub(crate) struct Records {
    tree: sled::Tree,
    written: BTreeMap<Vec<u8>, Option<IVec>>,
    written_bytes: u64,
    /// Keys that were looked for in the tree since the last batch.
    read: RefCell<HashSet<Vec<u8>>>,
    /// Set by the first failure of the disk: nothing that was read since can be trusted.
    failed: Cell<bool>,
}

impl Find for Records {
    fn find(&self, key: &[u8]) -> Result<Option<IVec>> {
        if let Some(value) = self.written.get(key) {
            return Ok(value.clone());
        }
        let mut read = self.read.borrow_mut();
        // What looks at many more writes few of them.
        if read.len() < 8 * MANY {
            read.insert(key.to_vec());
        }
        drop(read);
        self.tree.find(key).inspect_err(|_| self.failed.set(true))
    }
}

impl Records {
    pub(crate) fn new(tree: sled::Tree) -> Self {
        Self { tree, written: BTreeMap::new(), written_bytes: 0, read: RefCell::default(), failed: Cell::new(false) }
    }

    /// Writes a bare value of few bytes.
    pub(crate) fn set(&mut self, key: Vec<u8>, value: impl Into<IVec>) {
        let value = value.into();
        self.written_bytes += (key.len() + value.len()) as u64;
        self.written.insert(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.written_bytes += key.len() as u64;
        self.written.insert(key, None);
    }

    /// Writes entries made by [`envelope::entries`] under a key that has never been used.
    pub(crate) fn insert(&mut self, entries: Vec<(Vec<u8>, Vec<u8>)>) {
        for (key, value) in entries {
            self.set(key, value);
        }
    }

    /// Writes a value in place of the one that is there.
    pub(crate) fn put(&mut self, key: Vec<u8>, payload: &[u8]) -> Result<()> {
        self.remove_pieces(&key)?;
        self.insert(envelope::entries(key, payload));
        Ok(())
    }

    /// Says that the value of a key is a blob.
    pub(crate) fn put_elsewhere(&mut self, key: Vec<u8>, content: &Content) -> Result<()> {
        self.remove_pieces(&key)?;
        self.set(key, envelope::elsewhere(content));
        Ok(())
    }

    /// Removes a value with all its pieces.
    pub(crate) fn take_away(&mut self, key: Vec<u8>) -> Result<()> {
        self.remove_pieces(&key)?;
        self.remove(key);
        Ok(())
    }

    fn remove_pieces(&mut self, key: &[u8]) -> Result<()> {
        let pieces = self.find(key)?.map_or(0, |head| envelope::pieces(&head));
        for number in 0..pieces {
            self.remove(keys::piece(key, number));
        }
        Ok(())
    }

    /// Whether there is enough for [`Records::apply`].
    pub(crate) fn are_many(&self) -> bool {
        self.written.len() >= MANY
    }

    /// Bytes written since the store was opened.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Entries under a prefix. What this batch has written is not among them: see [`Records::under`].
    pub(crate) fn scan(&self, prefix: &[u8]) -> impl DoubleEndedIterator<Item = Result<(IVec, IVec)>> + use<'_> {
        self.tree.scan_prefix(prefix).map(|entry| {
            entry.map_err(|error| {
                self.failed.set(true);
                broken("read records", error)
            })
        })
    }

    /// Entries under a prefix, as this batch has left them so far.
    pub(crate) fn under(&self, prefix: &[u8]) -> Result<BTreeMap<Vec<u8>, IVec>> {
        let mut entries = BTreeMap::new();
        for entry in self.scan(prefix) {
            let (key, value) = entry?;
            entries.insert(key.to_vec(), value);
        }
        let written = self.written.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        for (key, value) in written.take_while(|(key, _)| key.starts_with(prefix)) {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(entries)
    }

    /// Hands what was written to sled as one batch.
    pub(crate) fn apply(&mut self, readers: &RwLock<Snapshot>) -> Result<()> {
        if self.failed.get() {
            return Err(StoreError::Io {
                doing: "the disk failed earlier".to_owned(),
                source: std::io::Error::other("a read failed"),
            });
        }
        let read = self.read.take();
        if self.written.is_empty() {
            return Ok(());
        }
        // sled reads the leaves as it comes to them, and where that fails in the middle, what it changed before stays.
        // So all of them are read first: a leaf that cannot be read fails the batch while nothing of it is there.
        for key in self.written.keys().filter(|key| !read.contains(*key)) {
            self.tree.find(key).inspect_err(|_| self.failed.set(true))?;
        }
        let mut batch = sled::Batch::default();
        for (key, value) in std::mem::take(&mut self.written) {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        let mut readers = readers.write();
        readers.applied += 1;
        self.tree.apply_batch(batch).map_err(|error| {
            self.failed.set(true);
            broken("write records", error)
        })
    }
}
