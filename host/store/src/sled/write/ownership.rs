//! Gives contents to jobs and components to their owners, and takes them away again.

use analyte_core::digest::Digest;
use analyte_core::job::Content;

use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys::{self, Place};
use crate::sled::format::references::Owner;
use crate::sled::state::State;
use crate::{Result, Staged};

impl State {
    /// Gives a content to a job, beside its record.
    pub(crate) fn keep_content(&mut self, owner: &Place, staged: &Staged) -> Result<()> {
        let (organisation, id) = owner;
        match &staged.inline {
            Some(bytes) => self.keep_bytes(owner, staged.content.digest, bytes),
            None => self.references.add(&mut self.records, &staged.content, &Owner::Job(organisation, *id)),
        }
    }

    /// The same for bytes that are kept in the tree.
    pub(crate) fn keep_bytes(&mut self, (organisation, id): &Place, digest: Digest, bytes: &[u8]) -> Result<()> {
        let key = keys::content(organisation, *id, digest);
        // The key tells the bytes, so what is there needs no second writing.
        if self.records.find(&key)?.is_none() {
            self.records.insert(envelope::entries(key, bytes));
        }
        Ok(())
    }

    /// Takes a content away from a job that lies beside its record, if it does.
    pub(crate) fn drop_content(&mut self, owner: &Place, digest: Digest) -> Result<()> {
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
    pub(crate) fn drop_component(&mut self, digest: Digest, owner: &Owner<'_>) -> Result<()> {
        let bytes = self.references.bytes_of(digest);
        if let (Some(bytes), true) = (bytes, self.pinned.contains_key(&digest)) {
            self.references.add(&mut self.records, &Content { digest, bytes }, &Owner::Pinned)?;
        }
        self.references.end(&mut self.records, digest, owner)?;
        Ok(())
    }

    /// Ends an owner's reference.
    pub(crate) fn drop_reference(&mut self, digest: Digest, owner: &Owner<'_>) -> Result<()> {
        self.references.end(&mut self.records, digest, owner).map(|_| ())
    }

    /// One more live job names this component.
    pub(crate) fn pin_component(&mut self, digest: Digest) {
        *self.pinned.entry(digest).or_default() += 1;
    }

    /// One less.
    pub(crate) fn unpin_component(&mut self, digest: Digest) -> Result<()> {
        let Some(count) = self.pinned.get_mut(&digest) else { return Ok(()) };
        *count = count.saturating_sub(1);
        if *count > 0 {
            return Ok(());
        }
        self.pinned.remove(&digest);
        if self.references.is_pinned(digest) {
            self.drop_reference(digest, &Owner::Pinned)?;
        }
        Ok(())
    }
}
