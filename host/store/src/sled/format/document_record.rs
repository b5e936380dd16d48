//! How a document lies in the tree: as JSON, under its organisation, kind and id.

use sled::IVec;

use crate::sled::format::envelope::{self, Find, Value};
use crate::sled::format::keys;
use crate::{DocumentRecord, Result, StoreError};

/// Reads one record as it lies there.
pub(crate) fn read(from: &impl Find, key: &[u8], head: IVec) -> Result<DocumentRecord> {
    let damaged = || StoreError::Damaged { what: "a document of an organisation".to_owned() };
    let Value::Here(bytes) = envelope::open(from, key, head)? else { return Err(damaged()) };
    let record: DocumentRecord = envelope::parse(key, &bytes)?;
    if keys::document(&record.organisation, record.kind, record.id) == key { Ok(record) } else { Err(damaged()) }
}
