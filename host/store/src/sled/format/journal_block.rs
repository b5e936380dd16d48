//! How a block of the journal lies in the tree: the changes of a batch one after the other, under the position of the
//! last.

use analyte_core::job::Status;
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use uuid::Uuid;

use crate::sled::format::envelope::{self, Find, Value};
use crate::sled::format::keys;
use crate::{Change, Result, StoreError};

/// The bytes of a block.
pub(crate) fn bytes(changes: &[Change]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(changes.len() * 40);
    for change in changes {
        write_one(&mut bytes, change);
    }
    bytes
}

fn write_one(bytes: &mut Vec<u8>, change: &Change) {
    let place = Status::ALL.iter().position(|status| *status == change.status).unwrap_or_default();
    bytes.push(u8::try_from(place).unwrap_or_default());
    bytes.extend_from_slice(&change.at.0.to_be_bytes());
    bytes.extend_from_slice(change.job.0.as_bytes());
    let name = change.organisation.as_str();
    // Names have at most 128 bytes.
    bytes.push(u8::try_from(name.len()).unwrap_or_default());
    bytes.extend_from_slice(name.as_bytes());
}

fn read_one(bytes: &[u8], position: u64) -> Option<(Change, &[u8])> {
    let (status, bytes) = bytes.split_first()?;
    let (at, bytes) = bytes.split_first_chunk::<8>()?;
    let (job, bytes) = bytes.split_first_chunk::<16>()?;
    let (length, bytes) = bytes.split_first()?;
    let (name, bytes) = bytes.split_at_checked(usize::from(*length))?;
    let change = Change {
        position,
        organisation: Organisation::new(std::str::from_utf8(name).ok()?).ok()?,
        job: JobId(Uuid::from_bytes(*job)),
        status: *Status::ALL.get(usize::from(*status))?,
        at: Timestamp(i64::from_be_bytes(*at)),
    };
    Some((change, bytes))
}

/// Reads one block.
fn read_block(bytes: &[u8], last: u64) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (change, after) = read_one(rest, 0)?;
        changes.push(change);
        rest = after;
    }
    let first = last.checked_add(1)?.checked_sub(changes.len() as u64)?;
    for (position, change) in (first..).zip(&mut changes) {
        change.position = position;
    }
    Some(changes)
}

/// Reads one block as it lies in the tree.
pub(crate) fn read(from: &impl Find, key: &[u8], head: sled::IVec) -> Result<Vec<Change>> {
    let damaged = || StoreError::Damaged { what: "a block of the journal".to_owned() };
    let last = keys::of_journal(key).ok_or_else(damaged)?;
    match envelope::open(from, key, head)? {
        Value::Here(bytes) => read_block(&bytes, last).ok_or_else(damaged),
        Value::Elsewhere(_) => Err(damaged()),
    }
}
