//! Bytes of jobs, and bytes that a later call will name; all of them stay in memory.

use std::io;
use std::ops::Range;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::memory::MemoryStore;
use crate::{ContentWriter, Contents, NewContent, Purpose, Result, Staged, StoreError};

/// The bytes of a content with their name.
pub(super) fn take(content: NewContent) -> Result<(Content, Bytes)> {
    match content {
        NewContent::Bytes(bytes) => Ok((content_of(&bytes), bytes)),
        NewContent::Staged(Staged { content, inline: Some(bytes), .. }) => Ok((content, bytes)),
        NewContent::Staged(Staged { content, .. }) => Err(StoreError::Missing(content.digest.to_string())),
    }
}

fn content_of(bytes: &Bytes) -> Content {
    Content { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
}

/// What of a range lies within these bytes.
pub(super) fn within(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    let end = place(range.end);
    bytes.slice(place(range.start).min(end)..end)
}

impl MemoryStore {
    fn find(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes> {
        let data = self.lock()?;
        let entry = data.jobs.get(&(organisation.clone(), job));
        let bytes = entry.and_then(|entry| entry.contents.get(&content.digest));
        bytes.cloned().ok_or_else(|| StoreError::Missing(content.digest.to_string()))
    }
}

#[async_trait]
impl Contents for MemoryStore {
    async fn content(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes> {
        self.find(organisation, job, content)
    }

    async fn contents(&self, organisation: &Organisation, wanted: Vec<(JobId, Content)>) -> Result<Vec<Option<Bytes>>> {
        let found = wanted.iter().map(|(job, content)| match self.find(organisation, *job, content) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        });
        found.collect()
    }

    async fn content_range(
        &self,
        organisation: &Organisation,
        job: JobId,
        content: &Content,
        range: Range<u64>,
    ) -> Result<Bytes> {
        if range.start > range.end || range.end > content.bytes {
            let doing = format!("the range is not within the {} bytes of {}", content.bytes, content.digest);
            return Err(StoreError::Io { doing, source: io::ErrorKind::InvalidInput.into() });
        }
        Ok(within(&self.find(organisation, job, content)?, &range))
    }

    async fn content_writer(&self, _purpose: Purpose) -> Result<Box<dyn ContentWriter>> {
        drop(self.lock()?);
        Ok(Box::new(Writer(BytesMut::new())))
    }

    async fn staged_range(&self, staged: &Staged, range: Range<u64>) -> Result<Bytes> {
        let (_, bytes) = take(NewContent::Staged(staged.clone()))?;
        Ok(within(&bytes, &range))
    }
}

/// Gathers the bytes of one content.
struct Writer(BytesMut);

#[async_trait]
impl ContentWriter for Writer {
    async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.0.extend_from_slice(&piece);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<Staged> {
        let bytes = self.0.freeze();
        Ok(Staged::inline(content_of(&bytes), bytes))
    }
}
