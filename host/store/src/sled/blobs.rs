//! Bytes too large for the tree: files named by their digest.
//!
//! A blob is complete and synced, with its directory, before anything names it. It is removed when its last reference is
//! gone, and not while somebody still means to name it: that is what a [`Pin`] is for. Whoever writes a blob pins its
//! digest first and renames the file into place afterwards; whoever removes one does so with the pins locked. So either
//! the remover sees the pin, or the file is written again after it was removed.

use std::collections::HashMap;
use std::path::Path as FilePath;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::committer::Committer;
use super::disk::{Disk, blob_error as failed};
use super::io_error;
use crate::{ContentWriter, NewContent, Result, Staged, StoreError};

/// Unfinished uploads; emptied when the store opens.
const STAGING: &str = "staging";
/// Pieces are gathered to this size before they are written.
const PART_BYTES: usize = 1 << 20;

/// All blobs of a data directory.
#[derive(Debug)]
pub(super) struct Blobs {
    store: LocalFileSystem,
    disk: Disk,
    /// Contents up to this size go to the tree instead.
    inline_bytes: usize,
    uploads: AtomicU64,
    pins: Mutex<HashMap<Digest, usize>>,
    /// Digests whose last pin went: perhaps nothing names them.
    unpinned: Mutex<Vec<Digest>>,
    /// Told when there are such.
    committer: OnceLock<Committer>,
}

/// Keeps a blob that nothing names yet.
#[derive(Debug)]
pub(crate) struct Pin {
    digest: Digest,
    blobs: Weak<Blobs>,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let Some(blobs) = self.blobs.upgrade() else { return };
        let mut pins = blobs.pins.lock();
        if let Some(count) = pins.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.digest);
                blobs.unpinned.lock().push(self.digest);
                drop(pins);
                if let Some(committer) = blobs.committer.get() {
                    committer.look();
                }
            }
        }
    }
}

fn location(digest: Digest) -> Path {
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
    pub(super) fn open(directory: &FilePath, inline_bytes: usize, disk: Disk) -> Result<Arc<Self>> {
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
        Ok(Arc::new(Self {
            store,
            disk,
            inline_bytes,
            uploads: AtomicU64::new(0),
            pins: Mutex::default(),
            unpinned: Mutex::default(),
            committer: OnceLock::new(),
        }))
    }

    /// Has this committer remove what nobody names or means to name.
    pub(super) fn look_with(&self, committer: Committer) {
        // Set once, by whoever opened the store.
        let _ = self.committer.set(committer);
    }

    fn pin(self: &Arc<Self>, digest: Digest) -> Arc<Pin> {
        *self.pins.lock().entry(digest).or_default() += 1;
        Arc::new(Pin { digest, blobs: Arc::downgrade(self) })
    }

    /// Makes bytes ready to be named: small ones stay in memory, large ones become a blob.
    pub(super) async fn stage(self: &Arc<Self>, content: NewContent) -> Result<Staged> {
        match content {
            NewContent::Staged(staged) => Ok(staged),
            NewContent::Bytes(bytes) => {
                let digest = Digest::of(&bytes);
                let content = Content { digest, bytes: bytes.len() as u64 };
                if bytes.len() <= self.inline_bytes {
                    return Ok(Staged { content, inline: Some(bytes), pin: None });
                }
                self.put(content, bytes).await
            }
        }
    }

    /// Makes bytes ready to be named as a blob, however few they are.
    pub(super) async fn stage_as_blob(self: &Arc<Self>, content: NewContent) -> Result<Staged> {
        match self.stage(content).await? {
            Staged { content, inline: Some(bytes), .. } => self.put(content, bytes).await,
            staged => Ok(staged),
        }
    }

    async fn put(self: &Arc<Self>, content: Content, bytes: Bytes) -> Result<Staged> {
        #[cfg(test)]
        self.disk.check(super::faults::Point::Blob)?;
        let pin = self.pin(content.digest);
        // Also where the file is there already: its directory might not be synced yet.
        let put = self.store.put(&location(content.digest), bytes.into()).await;
        put.map_err(|error| failed("write a blob", error))?;
        Ok(Staged { content, inline: None, pin: Some(pin) })
    }

    /// All of a blob.
    pub(super) async fn get(&self, content: &Content) -> Result<Bytes> {
        let answer = self.store.get(&location(content.digest)).await.map_err(|error| unread(content, error))?;
        if answer.meta.size != content.bytes {
            return Err(damaged(content));
        }
        answer.bytes().await.map_err(|error| unread(content, error))
    }

    /// Part of a blob.
    pub(super) async fn get_range(&self, content: &Content, range: std::ops::Range<u64>) -> Result<Bytes> {
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

    /// Takes bytes piece by piece, as long as `floor_bytes` stay free.
    pub(super) fn writer(self: &Arc<Self>, floor_bytes: u64) -> Box<dyn ContentWriter> {
        Box::new(Writer {
            blobs: Arc::clone(self),
            floor_bytes,
            hash: Sha256::new(),
            bytes: 0,
            buffer: BytesMut::new(),
            upload: None,
        })
    }

    /// Digests to look at: their last pin went.
    pub(super) fn take_unpinned(&self) -> Vec<Digest> {
        std::mem::take(&mut *self.unpinned.lock())
    }

    /// Removes a blob that has no reference, unless somebody means to name it. Must not run on a runtime's thread.
    pub(super) fn remove(&self, digest: Digest) {
        let pins = self.pins.lock();
        if pins.contains_key(&digest) {
            return;
        }
        match futures::executor::block_on(self.store.delete(&location(digest))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            // It is swept when the store opens next.
            Err(error) => tracing::warn!(%digest, %error, "a blob could not be removed"),
        }
        drop(pins);
    }

    /// All blobs that have a file, with its length. Must not run on a runtime's thread.
    pub(super) fn list(&self) -> Result<Vec<(Digest, u64)>> {
        let listed = self.store.list(None).try_collect::<Vec<_>>();
        let listed = futures::executor::block_on(listed).map_err(|error| failed("list the blobs", error))?;
        Ok(listed.iter().filter_map(|meta| digest_at(&meta.location).map(|digest| (digest, meta.size))).collect())
    }

    /// Reads a blob from a thread of its own kind. Must not run on a runtime's thread.
    pub(super) fn get_blocking(&self, content: &Content) -> Result<Bytes> {
        futures::executor::block_on(self.get(content))
    }
}

fn damaged(content: &Content) -> StoreError {
    StoreError::Damaged { what: format!("the content {}", content.digest) }
}

fn unread(content: &Content, error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Missing(content.digest.to_string()),
        error => failed("read a blob", error),
    }
}

struct Writer {
    blobs: Arc<Blobs>,
    floor_bytes: u64,
    hash: Sha256,
    bytes: u64,
    /// Not written yet; everything, as long as there is no upload.
    buffer: BytesMut,
    /// Removes its file when dropped unfinished.
    upload: Option<(Path, Box<dyn MultipartUpload>)>,
}

impl Writer {
    async fn spill(&mut self) -> Result<()> {
        // Asked anew for every part: what was free when the writer was made may be gone.
        self.blobs.disk.admit(self.floor_bytes)?;
        #[cfg(test)]
        self.blobs.disk.check(super::faults::Point::Blob)?;
        let (_, upload) = match &mut self.upload {
            Some(upload) => upload,
            none => {
                let number = self.blobs.uploads.fetch_add(1, Ordering::Relaxed);
                let place = Path::from_iter([STAGING, number.to_string().as_str()]);
                let started = self.blobs.store.put_multipart(&place).await;
                none.insert((place, started.map_err(|error| failed("start a blob", error))?))
            }
        };
        let part = self.buffer.split().freeze();
        upload.put_part(part.into()).await.map_err(|error| failed("write a blob", error))
    }
}

#[async_trait]
impl ContentWriter for Writer {
    async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.hash.update(&piece);
        self.bytes += piece.len() as u64;
        self.buffer.extend_from_slice(&piece);
        let most = if self.upload.is_none() { self.blobs.inline_bytes } else { PART_BYTES };
        if self.buffer.len() > most { self.spill().await } else { Ok(()) }
    }

    async fn finish(mut self: Box<Self>) -> Result<Staged> {
        let digest = Digest::from_bytes(std::mem::take(&mut self.hash).finalize().into());
        let content = Content { digest, bytes: self.bytes };
        if self.upload.is_none() {
            return Ok(Staged { content, inline: Some(self.buffer.split().freeze()), pin: None });
        }
        if !self.buffer.is_empty() {
            self.spill().await?;
        }
        let Some((place, mut upload)) = self.upload.take() else { return Err(damaged(&content)) };
        upload.complete().await.map_err(|error| failed("finish a blob", error))?;
        let pin = self.blobs.pin(digest);
        let renamed = self.blobs.store.rename(&place, &location(digest)).await;
        renamed.map_err(|error| failed("finish a blob", error))?;
        Ok(Staged { content, inline: None, pin: Some(pin) })
    }
}
