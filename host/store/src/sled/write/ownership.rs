//! Gives contents to jobs and components to their owners, and takes them away again.

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::names::Organisation;

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

    /// One more live job of an organisation names this component.
    pub(crate) fn pin_component(&mut self, organisation: &Organisation, digest: Digest) {
        let pins = self.pinned.entry(digest).or_default();
        match pins.get_mut(organisation) {
            Some(count) => *count += 1,
            None => drop(pins.insert(organisation.clone(), 1)),
        }
    }

    /// One less.
    pub(crate) fn unpin_component(&mut self, organisation: &Organisation, digest: Digest) -> Result<()> {
        let Some(pins) = self.pinned.get_mut(&digest) else { return Ok(()) };
        if let Some(count) = pins.get_mut(organisation) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                pins.remove(organisation);
            }
        }
        if !pins.is_empty() {
            return Ok(());
        }
        self.pinned.remove(&digest);
        if self.references.is_pinned(digest) {
            self.drop_reference(digest, &Owner::Pinned)?;
        }
        Ok(())
    }

    /// Bytes of components and model files that only live jobs keep, some of this organisation among them.
    pub(crate) fn pinned_bytes(&self, organisation: &Organisation) -> u64 {
        let registry = &self.registry;
        let installed = |digest: Digest| {
            registry.providers.values().any(|record| record.digest == Some(digest))
                || registry.models.values().any(|record| record.digest == digest)
        };
        let own = self.pinned.iter().filter(|(_, pins)| pins.contains_key(organisation)).map(|(digest, _)| *digest);
        // Looked up in this order, since nearly all that jobs pin is installed.
        let alone = own.filter(|digest| self.references.is_pinned(*digest) && !installed(*digest));
        alone.filter_map(|digest| self.references.bytes_of(digest)).sum()
    }
}
