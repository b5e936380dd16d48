//! Leases, never given out twice.

use analyte_core::names::Lease;

use crate::sled::format::keys;
use crate::sled::state::records::Records;

/// Leases are reserved in blocks of this many, so that few claims write one.
const LEASE_BLOCK: u64 = 100_000;

/// The next lease, and how many are reserved.
#[derive(Debug)]
pub(crate) struct Leases {
    next: u64,
    /// Written to the tree: a restart goes on from here.
    reserved: u64,
}

impl Leases {
    /// Goes on after everything that may have been given out.
    pub(crate) fn from(reserved: Option<u64>) -> Self {
        let reserved = reserved.unwrap_or(1);
        Self { next: reserved, reserved }
    }

    /// The next one; writes how many are reserved where it is the last of these.
    pub(crate) fn next(&mut self, records: &mut Records) -> Lease {
        let lease = self.next;
        self.next += 1;
        if lease >= self.reserved {
            self.reserved = lease + LEASE_BLOCK;
            records.set(keys::LEASES.to_vec(), self.reserved.to_be_bytes().to_vec());
        }
        Lease(lease)
    }
}
