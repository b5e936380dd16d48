//! What the committer publishes, and readers take without asking it.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::names::Organisation;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::Counts;
use crate::sled::state::depths::Shown;
use crate::sled::state::registry::Registry;
use crate::sled::state::snapshot::Snapshot;

/// How far the tree is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Durable {
    /// Batches, counted from the first of this process on.
    pub(crate) batches: u64,
    /// How often the store was opened anew: what was read before, and was not durable then, may be gone.
    pub(crate) openings: u64,
}

/// What the committer writes and readers read, beside the records.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) snapshot: RwLock<Snapshot>,
    pub(crate) registry: RwLock<Arc<Registry>>,
    pub(crate) counts: RwLock<HashMap<Organisation, Counts>>,
    pub(crate) depths: RwLock<Shown>,
    /// How many notifications of each organisation wait; one that is not here has none.
    pub(crate) pending: RwLock<HashMap<Organisation, u64>>,
    pub(crate) durable: watch::Sender<Durable>,
    pub(crate) figures: RwLock<Figures>,
}

/// Figures about the store itself, for its health.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) quarantined: u64,
    pub(crate) blob_bytes: u64,
}
