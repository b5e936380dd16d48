//! Takes the bytes of a content piece by piece: few stay in memory, many become a blob.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt};
use sha2::{Digest as _, Sha256};

use crate::sled::disk::blobs::{Blobs, STAGING, damaged, location};
use crate::sled::disk::errors::blob_error as failed;
use crate::{ContentWriter, Result, Staged};

/// Pieces are gathered to this size before they are written.
const PART_BYTES: usize = 1 << 20;

/// A writer that goes on as long as `floor_bytes` of the disk stay free.
pub(crate) fn writer(blobs: &Arc<Blobs>, floor_bytes: u64) -> Box<dyn ContentWriter> {
    Box::new(Writer {
        blobs: Arc::clone(blobs),
        floor_bytes,
        hash: Sha256::new(),
        bytes: 0,
        buffer: BytesMut::new(),
        upload: None,
    })
}

/// Takes the bytes of one content.
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
        self.blobs.disk.check(crate::sled::disk::faults::Point::Blob)?;
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
            return Ok(Staged::inline(content, self.buffer.split().freeze()));
        }
        if !self.buffer.is_empty() {
            self.spill().await?;
        }
        let Some((place, mut upload)) = self.upload.take() else { return Err(damaged(&content)) };
        upload.complete().await.map_err(|error| failed("finish a blob", error))?;
        let pin = self.blobs.pins.pin(digest);
        let renamed = self.blobs.store.rename(&place, &location(digest)).await;
        renamed.map_err(|error| failed("finish a blob", error))?;
        Ok(Staged::written(content, pin))
    }
}
