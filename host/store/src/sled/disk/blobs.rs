//! Bytes too large for the tree: files named by their digest.
//!
//! A blob is complete and synced, with its directory, before any record names it. The committer removes it when its
//! last reference is gone, and not while a call that has staged it is still under way: such a call holds a
//! [`Pin`](super::pins::Pin).

use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::sled::disk::errors::{blob_error as failed, io_error};
use crate::sled::disk::pins::Pins;
use crate::sled::disk::space::Disk;
use crate::{NewContent, Result, Staged, StoreError};

/// Unfinished uploads; emptied when the store opens.
pub(crate) const STAGING: &str = "staging";

/// All blobs of a data directory.
#[derive(Debug)]
pub(crate) struct Blobs {
    pub(crate) store: LocalFileSystem,
    pub(crate) disk: Disk,
    /// Contents up to this size go to the tree instead.
    pub(crate) inline_bytes: usize,
    /// How many uploads were begun since the store was opened.
    pub(crate) uploads: AtomicU64,
    pub(crate) pins: Arc<Pins>,
}

pub(crate) fn location(digest: Digest) -> Path {
    let hex = digest.hex();
    let (shelf, _) = hex.split_at(2);
    Path::from_iter([shelf, hex.as_str()])
}

fn digest_at(location: &Path) -> Option<Digest> {
    let name = location.filename()?;
    let digest: Digest = format!("sha256:{name}").parse().ok()?;
    (self::location(digest) == *location).then_some(digest)
}

impl Blobs {
    /// Opens the directory, which must exist.
    pub(crate) fn open(directory: &FilePath, inline_bytes: usize, disk: Disk) -> Result<Arc<Self>> {
        let staging = directory.join(STAGING);
        match std::fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_error("could not remove unfinished uploads".to_owned(), error));
            }
            _ => {}
        }
        let store = LocalFileSystem::new_with_prefix(directory)
            .map_err(|error| failed("open the blobs", error))?
            .with_fsync(true);
        Ok(Arc::new(Self { store, disk, inline_bytes, uploads: AtomicU64::new(0), pins: Arc::default() }))
    }

    /// Makes bytes ready to be named: small ones stay in memory, large ones become a blob.
    pub(crate) async fn stage(self: &Arc<Self>, content: NewContent) -> Result<Staged> {
        match content {
            NewContent::Staged(staged) => Ok(staged),
            NewContent::Bytes(bytes) => {
                let digest = Digest::of(&bytes);
                let content = Content { digest, bytes: bytes.len() as u64 };
                if bytes.len() <= self.inline_bytes {
                    return Ok(Staged::inline(content, bytes));
                }
                self.put(content, bytes).await
            }
        }
    }

    /// Makes bytes ready to be named as a blob, however few they are.
    pub(crate) async fn stage_as_blob(self: &Arc<Self>, content: NewContent) -> Result<Staged> {
        match self.stage(content).await? {
            Staged { content, inline: Some(bytes), .. } => self.put(content, bytes).await,
            staged => Ok(staged),
        }
    }

    async fn put(self: &Arc<Self>, content: Content, bytes: Bytes) -> Result<Staged> {
        #[cfg(test)]
        self.disk.check(crate::sled::disk::faults::Point::Blob)?;
        let pin = self.pins.pin(content.digest);
        // Also where the file is there already: its directory might not be synced yet.
        let put = self.store.put(&location(content.digest), bytes.into()).await;
        put.map_err(|error| failed("write a blob", error))?;
        Ok(Staged::written(content, pin))
    }

    /// All of a blob.
    pub(crate) async fn get(&self, content: &Content) -> Result<Bytes> {
        let answer = self.store.get(&location(content.digest)).await.map_err(|error| unread(content, error))?;
        if answer.meta.size != content.bytes {
            return Err(damaged(content));
        }
        answer.bytes().await.map_err(|error| unread(content, error))
    }

    /// Part of a blob.
    pub(crate) async fn get_range(&self, content: &Content, range: std::ops::Range<u64>) -> Result<Bytes> {
        let place = location(content.digest);
        let meta = self.store.head(&place).await.map_err(|error| unread(content, error))?;
        if meta.size != content.bytes {
            return Err(damaged(content));
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.store.get_range(&place, range).await.map_err(|error| unread(content, error))
    }

    /// Removes a blob that has no reference, unless it is pinned. Must not run on a runtime's thread.
    pub(crate) fn remove(&self, digest: Digest) {
        let Some(pins) = self.pins.lock_unless_pinned(digest) else { return };
        match futures::executor::block_on(self.store.delete(&location(digest))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            // It is swept when the store opens next.
            Err(error) => tracing::warn!(%digest, %error, "a blob could not be removed"),
        }
        drop(pins);
    }

    /// All blobs that have a file, with its length. Must not run on a runtime's thread.
    pub(crate) fn list(&self) -> Result<Vec<(Digest, u64)>> {
        let listed = self.store.list(None).try_collect::<Vec<_>>();
        let listed = futures::executor::block_on(listed).map_err(|error| failed("list the blobs", error))?;
        Ok(listed.iter().filter_map(|meta| digest_at(&meta.location).map(|digest| (digest, meta.size))).collect())
    }

    /// Reads a blob from a thread of its own kind. Must not run on a runtime's thread.
    pub(crate) fn get_blocking(&self, content: &Content) -> Result<Bytes> {
        futures::executor::block_on(self.get(content))
    }
}

pub(crate) fn damaged(content: &Content) -> StoreError {
    StoreError::Damaged { what: format!("the content {}", content.digest) }
}

fn unread(content: &Content, error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Missing(content.digest.to_string()),
        error => failed("read a blob", error),
    }
}
