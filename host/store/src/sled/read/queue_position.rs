//! How many tasks of its organisation start before a job.

use std::sync::Arc;

use analyte_core::names::{JobId, Organisation};
use parking_lot::RwLock;

use crate::sled::state::snapshot::Snapshot;

/// One answer each, in order. Reads no record: the queue's order is in memory. A task whose time has come counts from
/// the next claim on, which is when it joins the queue.
pub(crate) fn queue_positions(
    snapshot: &RwLock<Snapshot>,
    organisation: &Organisation,
    ids: &[JobId],
) -> Vec<Option<u64>> {
    let ready = Arc::clone(&snapshot.read().ready);
    let ready = ready.read();
    ids.iter().map(|id| ready.place(organisation, *id)).collect()
}
