//! What the committer shares with the handle and with readers.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::names::Organisation;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::depths::Shown;
use super::lanes::Lanes;
use super::records::Shelf;
use super::work::{Catalogue, Work};
use crate::Counts;

/// How far the tree is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Durable {
    /// Batches, counted like [`Shelf::applied`].
    pub(super) batches: u64,
    /// How often the store was opened anew: what was read before, and was not durable then, may be gone.
    pub(super) openings: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) shelf: RwLock<Shelf>,
    pub(super) catalogue: RwLock<Arc<Catalogue>>,
    pub(super) counts: RwLock<HashMap<Organisation, Counts>>,
    pub(super) live: RwLock<Shown>,
    pub(super) lanes: Lanes,
    pub(super) durable: watch::Sender<Durable>,
    pub(super) figures: RwLock<Figures>,
}

/// What is told of the store itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) quarantined: u64,
    pub(super) blob_bytes: u64,
}

/// Shows readers what changed of that which they do not read from the tree; `anew`: what they had is of an earlier opening.
pub(super) fn publish(work: &mut Work, shared: &Shared, anew: bool) {
    *shared.figures.write() = Figures { quarantined: work.quarantined, blob_bytes: work.references.bytes };
    if work.catalogue_changed {
        *shared.catalogue.write() = Arc::new(work.catalogue.clone());
        work.catalogue_changed = false;
    }
    publish_counts(work, shared, anew);
}

/// Shows how many jobs there are in which state, and what waits. That may be ahead of what is durable: after a failure they
/// are counted anew.
pub(super) fn publish_counts(work: &mut Work, shared: &Shared, anew: bool) {
    let changed = work.counts.take_changed();
    let mut counts = shared.counts.write();
    if anew {
        counts.clear();
    }
    counts.extend(changed);
    drop(counts);
    let depths = work.depths.take_changes();
    if anew {
        let mut live = shared.live.write();
        *live = Shown::default();
        live.take(depths);
    } else if !depths.is_empty() {
        shared.live.write().take(depths);
    }
}
