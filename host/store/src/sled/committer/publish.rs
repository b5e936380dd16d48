//! Publishes the counts, depths and records that readers take from memory, after a batch.

use std::sync::Arc;

use crate::sled::committer::shared::{Figures, Shared};
use crate::sled::state::State;
use crate::sled::state::depths::Shown;

/// Shows readers what changed since the last time. `anew`: what they have is of an earlier opening, and goes.
pub(crate) fn publish(state: &mut State, shared: &Shared, anew: bool) {
    *shared.figures.write() = Figures { quarantined: state.quarantined, blob_bytes: state.references.bytes };
    if state.registry_changed {
        *shared.registry.write() = Arc::new(state.registry.clone());
        state.registry_changed = false;
    }
    publish_counts(state, shared, anew);
}

/// Shows how many jobs there are in which state, and what waits. That may be ahead of what is durable: after a failure
/// they are counted anew.
pub(crate) fn publish_counts(state: &mut State, shared: &Shared, anew: bool) {
    let changed = state.counts.take_changed();
    let mut counts = shared.counts.write();
    if anew {
        counts.clear();
    }
    counts.extend(changed);
    drop(counts);
    if anew || !state.pending_changed.is_empty() {
        let mut pending = shared.pending.write();
        if anew {
            pending.clear();
        }
        pending.extend(state.pending_changed.drain());
        pending.retain(|_, count| *count > 0);
    }
    let depths = state.depths.take_changes();
    if anew {
        let mut live = shared.depths.write();
        *live = Shown::default();
        live.take(depths);
    } else if !depths.is_empty() {
        shared.depths.write().take(depths);
    }
}
