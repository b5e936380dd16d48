//! How the outbox of a job lies in the tree: as JSON, beside its job.

use analyte_core::names::{JobId, Organisation};
use analyte_core::webhook::Outbox;

use crate::Result;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys;

/// The outbox; `None`: nothing was noted of the job yet.
pub(crate) fn find(from: &impl Find, organisation: &Organisation, id: JobId) -> Result<Option<Outbox>> {
    let key = keys::outbox(organisation, id);
    match envelope::read_here(from, &key)? {
        Some(bytes) => envelope::parse(&key, &bytes).map(Some),
        None => Ok(None),
    }
}
