//! How far a job is from its start.

use std::sync::Arc;

use analyte_core::names::{JobId, Organisation};
use parking_lot::RwLock;

use super::records::Shelf;

/// One answer each, in order. Reads no record: the queue's order is in memory. A task whose time has come counts from the
/// next claim on, which is when it joins the queue.
pub(super) fn places(shelf: &RwLock<Shelf>, organisation: &Organisation, ids: &[JobId]) -> Vec<Option<u64>> {
    let ready = Arc::clone(&shelf.read().ready);
    let ready = ready.read();
    ids.iter().map(|id| ready.place(organisation, *id)).collect()
}
