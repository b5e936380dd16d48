//! How the record of a file lies in the tree: as JSON, under its organisation, repository and path.

use sled::IVec;

use crate::sled::format::envelope::{self, Find, Value};
use crate::sled::format::keys;
use crate::{FileRecord, Result, StoreError};

/// Reads one record as it lies there.
pub(crate) fn read(from: &impl Find, key: &[u8], head: IVec) -> Result<FileRecord> {
    let damaged = || StoreError::Damaged { what: "the record of a file".to_owned() };
    let Value::Here(bytes) = envelope::open(from, key, head)? else { return Err(damaged()) };
    let record: FileRecord = envelope::parse(key, &bytes)?;
    if keys::file(&record.organisation, &record.repository, &record.path) == key { Ok(record) } else { Err(damaged()) }
}
