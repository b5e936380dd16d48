//! Which owners keep which blob. A blob goes when its last reference goes.

use std::collections::HashMap;

use analyte_core::digest::Digest;
use analyte_core::job::Content;

use crate::Result;
use crate::sled::format::envelope::Find;
use crate::sled::format::references::{self, Owner};
use crate::sled::state::records::Records;

/// In-memory picture of the reference records.
#[derive(Debug, Default)]
pub(crate) struct References {
    blobs: HashMap<Digest, Blob>,
    /// Sum of the blobs' lengths.
    pub(crate) bytes: u64,
    /// Blobs whose last reference went in the batch at hand.
    gone: Vec<Digest>,
}

#[derive(Debug)]
struct Blob {
    owners: usize,
    bytes: u64,
    /// One of the owners is [`Owner::Pinned`].
    pinned: bool,
}

impl References {
    /// Adds what a stored reference says.
    pub(crate) fn found(&mut self, digest: Digest, bytes: u64, pinned: bool) {
        let blob = self.blobs.entry(digest).or_insert_with(|| {
            self.bytes += bytes;
            Blob { owners: 0, bytes, pinned: false }
        });
        blob.owners += 1;
        blob.pinned |= pinned;
    }

    /// Whether unfinished jobs pin the blob after its provider or model let go of it.
    pub(crate) fn is_pinned(&self, digest: Digest) -> bool {
        self.blobs.get(&digest).is_some_and(|blob| blob.pinned)
    }

    pub(crate) fn has(&self, digest: Digest) -> bool {
        self.blobs.contains_key(&digest)
    }

    pub(crate) fn bytes_of(&self, digest: Digest) -> Option<u64> {
        self.blobs.get(&digest).map(|blob| blob.bytes)
    }

    pub(crate) fn take_gone(&mut self) -> Vec<Digest> {
        std::mem::take(&mut self.gone)
    }

    /// Lets an owner keep a blob.
    pub(crate) fn add(&mut self, records: &mut Records, content: &Content, owner: &Owner<'_>) -> Result<()> {
        let key = references::reference(content.digest, owner);
        if records.find(&key)?.is_none() {
            records.set(key, crate::sled::format::envelope::short(&content.bytes.to_be_bytes()));
            self.found(content.digest, content.bytes, *owner == Owner::Pinned);
        }
        Ok(())
    }

    /// Ends that; says whether it was so.
    pub(crate) fn end(&mut self, records: &mut Records, digest: Digest, owner: &Owner<'_>) -> Result<bool> {
        let key = references::reference(digest, owner);
        if records.find(&key)?.is_none() {
            return Ok(false);
        }
        records.remove(key);
        if let Some(blob) = self.blobs.get_mut(&digest) {
            blob.owners = blob.owners.saturating_sub(1);
            blob.pinned &= *owner != Owner::Pinned;
            if blob.owners == 0 {
                self.bytes = self.bytes.saturating_sub(blob.bytes);
                self.blobs.remove(&digest);
                self.gone.push(digest);
            }
        }
        Ok(true)
    }
}
