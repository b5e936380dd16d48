//! Finds what was submitted under an idempotency key.

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::names::{JobId, Organisation};

use crate::sled::format::envelope::{self, Find};
use crate::sled::format::{job_record, keys};
use crate::{Known, Result, StoreError};

/// What is found under a key.
pub(crate) enum Lookup {
    Nothing,
    Known(Known),
    /// There is a job, and it cannot be read.
    Damaged(JobId),
}

/// The request's digest and the job's id under the key of a key.
pub(crate) fn find_key(from: &impl Find, key: &[u8]) -> Result<Option<(Digest, JobId)>> {
    let Some(value) = from.find(key)? else { return Ok(None) };
    let value = envelope::open_short(key, &value)?;
    let digest = value.first_chunk::<32>().map(|digest| Digest::from_bytes(*digest));
    Ok(digest.zip(keys::id_at_end(value)))
}

/// Looks a key up.
pub(crate) fn known(from: &impl Find, organisation: &Organisation, key: &str) -> Result<Lookup> {
    let Some((request, id)) = find_key(from, &keys::idempotency(organisation, key))? else {
        return Ok(Lookup::Nothing);
    };
    match job_record::read(from, organisation, id) {
        Ok(Some(job)) => Ok(Lookup::Known(Known { request, job: Arc::new(job) })),
        Ok(None) => Ok(Lookup::Nothing),
        Err(StoreError::Damaged { .. }) => Ok(Lookup::Damaged(id)),
        Err(error) => Err(error),
    }
}
