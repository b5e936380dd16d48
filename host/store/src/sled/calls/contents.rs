//! Contents: those that are named are read beside the committer; those that are not are written without it.

use std::ops::Range;

use analyte_core::job::Content;
use analyte_core::names::{JobId, Organisation};
use async_trait::async_trait;
use bytes::Bytes;

use crate::sled::disk::blob_writer;
use crate::sled::read::content::{self, Found};
use crate::sled::read::{component, contents};
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{ContentWriter, Contents, Purpose, Result, Staged};

#[async_trait]
impl Contents for SledStore {
    async fn content(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Bytes> {
        match self.find(organisation, job, content).await? {
            Found::Here(bytes) => Ok(bytes),
            Found::Blob => self.blobs.get(content).await,
        }
    }

    async fn contents(&self, organisation: &Organisation, wanted: Vec<(JobId, Content)>) -> Result<Vec<Option<Bytes>>> {
        contents::contents(&self.reader, &self.blobs, organisation, &wanted).await
    }

    async fn content_range(
        &self,
        organisation: &Organisation,
        job: JobId,
        content: &Content,
        range: Range<u64>,
    ) -> Result<Bytes> {
        if range.start > range.end || range.end > content.bytes {
            return Err(content::outside(content));
        }
        match self.find(organisation, job, content).await? {
            Found::Here(bytes) => content::part(&bytes, &range, content),
            Found::Blob => self.blobs.get_range(content, range).await,
        }
    }

    async fn content_writer(&self, purpose: Purpose) -> Result<Box<dyn ContentWriter>> {
        let floor_bytes = match purpose {
            // Submissions are refused below the floor itself: however much is uploaded, as much again is left for them.
            Purpose::Upload => self.disk.floor_bytes.saturating_mul(2),
            // Completions are to go on: they may use half of what is kept free.
            Purpose::Outcome => self.disk.floor_bytes / 2,
        };
        self.disk.admit(floor_bytes)?;
        Ok(blob_writer::writer(&self.blobs, floor_bytes))
    }

    async fn staged_range(&self, staged: &Staged, range: Range<u64>) -> Result<Bytes> {
        component::staged_range(&self.blobs, staged, &range).await
    }
}

impl SledStore {
    async fn find(&self, organisation: &Organisation, job: JobId, content: &Content) -> Result<Found> {
        let (organisation, content) = (organisation.clone(), content.clone());
        let scope = Scope::Job(organisation.clone(), job);
        let find = move |tree: &sled::Tree| content::find(tree, &organisation, job, &content);
        self.reader.read(scope, find).await
    }
}
