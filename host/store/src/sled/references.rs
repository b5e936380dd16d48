//! Who keeps which blob. A blob goes when its last reference goes.

use std::collections::HashMap;

use analyte_core::digest::Digest;
use analyte_core::job::Content;

use super::envelope::Find;
use super::keys::{self, Owner};
use super::records::Records;
use super::work::{Place, Work};
use crate::{Result, Staged};

/// In-memory picture of the reference records.
#[derive(Debug, Default)]
pub(super) struct References {
    blobs: HashMap<Digest, Blob>,
    /// Sum of the blobs' lengths.
    pub(super) bytes: u64,
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
    pub(super) fn found(&mut self, digest: Digest, bytes: u64, pinned: bool) {
        let blob = self.blobs.entry(digest).or_insert_with(|| {
            self.bytes += bytes;
            Blob { owners: 0, bytes, pinned: false }
        });
        blob.owners += 1;
        blob.pinned |= pinned;
    }

    pub(super) fn has(&self, digest: Digest) -> bool {
        self.blobs.contains_key(&digest)
    }

    pub(super) fn bytes_of(&self, digest: Digest) -> Option<u64> {
        self.blobs.get(&digest).map(|blob| blob.bytes)
    }

    pub(super) fn take_gone(&mut self) -> Vec<Digest> {
        std::mem::take(&mut self.gone)
    }

    /// Lets an owner keep a blob.
    pub(super) fn add(&mut self, records: &mut Records, content: &Content, owner: &Owner<'_>) -> Result<()> {
        let key = keys::reference(content.digest, owner);
        if records.find(&key)?.is_none() {
            records.set(key, super::envelope::short(&content.bytes.to_be_bytes()));
            self.found(content.digest, content.bytes, *owner == Owner::Pinned);
        }
        Ok(())
    }

    /// Ends that; says whether it was so.
    fn end(&mut self, records: &mut Records, digest: Digest, owner: &Owner<'_>) -> Result<bool> {
        let key = keys::reference(digest, owner);
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

impl Work {
    /// Gives a content to a job, beside its record.
    pub(super) fn keep_content(&mut self, owner: &Place, staged: &Staged) -> Result<()> {
        let (organisation, id) = owner;
        match &staged.inline {
            Some(bytes) => self.keep_bytes(owner, staged.content.digest, bytes),
            None => self.references.add(&mut self.records, &staged.content, &Owner::Job(organisation, *id)),
        }
    }

    /// The same for bytes that are kept in the tree.
    pub(super) fn keep_bytes(&mut self, (organisation, id): &Place, digest: Digest, bytes: &[u8]) -> Result<()> {
        let key = keys::content(organisation, *id, digest);
        // The key tells the bytes, so what is there needs no second writing.
        if self.records.find(&key)?.is_none() {
            self.records.insert(super::envelope::entries(key, bytes));
        }
        Ok(())
    }

    /// Takes a content away from a job that lies beside its record, if it does.
    pub(super) fn drop_content(&mut self, owner: &Place, digest: Digest) -> Result<()> {
        let (organisation, id) = owner;
        if self.references.end(&mut self.records, digest, &Owner::Job(organisation, *id))? {
            return Ok(());
        }
        let key = keys::content(organisation, *id, digest);
        if self.records.find(&key)?.is_some() {
            self.records.take_away(key)?;
        }
        Ok(())
    }

    /// Ends an owner's reference to bytes that unfinished jobs may have pinned; these keep them then.
    pub(super) fn drop_component(&mut self, digest: Digest, owner: &Owner<'_>) -> Result<()> {
        let bytes = self.references.bytes_of(digest);
        if let (Some(bytes), true) = (bytes, self.pinned.contains_key(&digest)) {
            self.references.add(&mut self.records, &Content { digest, bytes }, &Owner::Pinned)?;
        }
        self.references.end(&mut self.records, digest, owner)?;
        Ok(())
    }

    /// Ends an owner's reference.
    pub(super) fn drop_reference(&mut self, digest: Digest, owner: &Owner<'_>) -> Result<()> {
        self.references.end(&mut self.records, digest, owner).map(|_| ())
    }

    /// One more live job names this component.
    pub(super) fn pin_component(&mut self, digest: Digest) {
        *self.pinned.entry(digest).or_default() += 1;
    }

    /// One less.
    pub(super) fn unpin_component(&mut self, digest: Digest) -> Result<()> {
        let Some(count) = self.pinned.get_mut(&digest) else { return Ok(()) };
        *count = count.saturating_sub(1);
        if *count > 0 {
            return Ok(());
        }
        self.pinned.remove(&digest);
        if self.references.blobs.get(&digest).is_some_and(|blob| blob.pinned) {
            self.drop_reference(digest, &Owner::Pinned)?;
        }
        Ok(())
    }
}
