//! The records that say which owner keeps which blob: `b`, the digest, the owner; their value is the blob's length.

use analyte_core::digest::Digest;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, ScheduleId};

use crate::sled::format::envelope;
use crate::sled::format::keys::{REFERENCE, name, place_of_file, provider_name};
use crate::{Result, StoreError};

/// What keeps a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner<'a> {
    /// A content of a job.
    Job(&'a Organisation, JobId),
    /// A provider's component.
    Component(&'a ProviderKey),
    /// A provider's record, where it is long.
    ProviderRecord(&'a ProviderKey),
    /// A published model's bytes.
    Model(&'a ProviderKey, &'a ModelName),
    /// A published model's record, where it is long.
    ModelRecord(&'a ProviderKey, &'a ModelName),
    /// A file, by its repository and path.
    File(&'a Organisation, &'a str, &'a str),
    /// A content of a schedule's template.
    Schedule(&'a Organisation, ScheduleId),
    /// Unfinished jobs that pin a component which was replaced or removed.
    Pinned,
}

const COMPONENT: u8 = b'P';
const MODEL_BYTES: u8 = b'M';
const PINNED: u8 = b'Z';

pub(crate) fn blob_owners(digest: Digest) -> Vec<u8> {
    let mut key = vec![REFERENCE];
    key.extend_from_slice(digest.as_bytes());
    key
}

pub(crate) fn reference(digest: Digest, owner: &Owner<'_>) -> Vec<u8> {
    let mut key = blob_owners(digest);
    match owner {
        Owner::Job(organisation, id) => {
            key.push(b'J');
            name(&mut key, organisation.as_str());
            key.extend_from_slice(id.0.as_bytes());
        }
        Owner::Component(provider) => {
            key.push(COMPONENT);
            provider_name(&mut key, provider);
        }
        Owner::ProviderRecord(provider) => {
            key.push(b'C');
            provider_name(&mut key, provider);
        }
        Owner::Model(provider, model) => {
            key.push(MODEL_BYTES);
            provider_name(&mut key, provider);
            name(&mut key, model.as_str());
        }
        Owner::ModelRecord(provider, model) => {
            key.push(b'I');
            provider_name(&mut key, provider);
            name(&mut key, model.as_str());
        }
        Owner::File(organisation, repository, path) => {
            key.push(b'F');
            place_of_file(&mut key, organisation, repository, path);
        }
        Owner::Schedule(organisation, id) => {
            key.push(b'S');
            name(&mut key, organisation.as_str());
            key.extend_from_slice(id.0.as_bytes());
        }
        Owner::Pinned => key.push(PINNED),
    }
    key
}

/// The digest that a reference is for, and whether it is [`Owner::Pinned`].
pub(crate) fn of_reference(key: &[u8]) -> Option<(Digest, bool)> {
    let (digest, owner) = key.get(1..)?.split_first_chunk::<32>()?;
    Some((Digest::from_bytes(*digest), owner == [PINNED]))
}

/// Whether the blob under this key is a component or a model file: kept as such, or pinned by jobs that run it.
pub(crate) fn owns_a_component(key: &[u8]) -> bool {
    matches!(key.get(33), Some(&(COMPONENT | MODEL_BYTES | PINNED)))
}

/// The length that a reference says.
pub(crate) fn length_in(key: &[u8], value: &[u8]) -> Result<u64> {
    let bytes = envelope::open_short(key, value)?.try_into().map(u64::from_be_bytes);
    bytes.map_err(|_| StoreError::Damaged { what: "a reference to a blob".to_owned() })
}
