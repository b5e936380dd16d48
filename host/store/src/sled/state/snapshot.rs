//! What readers see of the tree: whole batches, and after a failure only what the failed batch did not touch.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::sled::state::ready::Ready;
use crate::sled::state::unconfirmed::{Scope, Unconfirmed};

/// The tree, as readers see it. They hold the lock while they read, and a batch is applied under the other side of it:
/// a reader sees all of a batch or nothing.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) tree: Option<sled::Tree>,
    /// What may start, as the committer knows it at the moment.
    pub(crate) ready: Arc<RwLock<Ready>>,
    /// After a failure: what cannot be read until the store is opened anew.
    pub(crate) unconfirmed: Option<Unconfirmed>,
    /// Counts batches that were applied.
    pub(crate) applied: u64,
}

impl Snapshot {
    /// The tree for a reader of just this, and after which batch it is; `None`: that cannot be read now.
    pub(crate) fn visible(&self, scope: &Scope) -> Option<(&sled::Tree, u64)> {
        let tree = self.tree.as_ref()?;
        match &self.unconfirmed {
            None => Some((tree, self.applied)),
            Some(unconfirmed) if unconfirmed.touches(scope) => None,
            // Durable long since.
            Some(_) => Some((tree, 0)),
        }
    }
}
