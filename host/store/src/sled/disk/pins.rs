//! Keeps blobs that no record names yet from being removed.
//!
//! The call that writes a blob pins its digest first and renames the file into place afterwards; the committer removes
//! a file while it holds the pins' lock. So either the committer sees the pin, or the file is written again after it
//! was removed.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use analyte_core::digest::Digest;
use parking_lot::{Mutex, MutexGuard};

/// How many calls pin each digest.
type Counts = HashMap<Digest, usize>;

/// The pins of a data directory.
#[derive(Default)]
pub(crate) struct Pins {
    counts: Mutex<Counts>,
    /// Digests whose last pin went: perhaps no record names them.
    unpinned: Mutex<Vec<Digest>>,
    /// Called when there is one more of these.
    on_unpinned: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Pins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pins").field("counts", &self.counts).field("unpinned", &self.unpinned).finish_non_exhaustive()
    }
}

/// Pins a digest until it is dropped.
#[derive(Debug)]
pub(crate) struct Pin {
    digest: Digest,
    pins: Weak<Pins>,
}

impl Pins {
    /// Has this called whenever a digest lost its last pin. Later calls of this function change nothing.
    pub(crate) fn when_unpinned(&self, call: impl Fn() + Send + Sync + 'static) {
        // The store sets it once, when it is opened.
        let _ = self.on_unpinned.set(Box::new(call));
    }

    pub(crate) fn pin(self: &Arc<Self>, digest: Digest) -> Arc<Pin> {
        *self.counts.lock().entry(digest).or_default() += 1;
        Arc::new(Pin { digest, pins: Arc::downgrade(self) })
    }

    /// Keeps further pins from being made while the guard lives; `None`: this digest is pinned.
    pub(crate) fn lock_unless_pinned(&self, digest: Digest) -> Option<MutexGuard<'_, Counts>> {
        let counts = self.counts.lock();
        (!counts.contains_key(&digest)).then_some(counts)
    }

    /// The digests whose last pin went since this was called last.
    pub(crate) fn take_unpinned(&self) -> Vec<Digest> {
        std::mem::take(&mut *self.unpinned.lock())
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let Some(pins) = self.pins.upgrade() else { return };
        let mut counts = pins.counts.lock();
        let Some(count) = counts.get_mut(&self.digest) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        counts.remove(&self.digest);
        pins.unpinned.lock().push(self.digest);
        drop(counts);
        if let Some(call) = pins.on_unpinned.get() {
            call();
        }
    }
}
