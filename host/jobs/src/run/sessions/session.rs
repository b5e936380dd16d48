//! One session: who opened it, when it was used, whether its jobs run in warm instances.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use analyte_core::names::SessionId;
use analyte_core::timestamp::Timestamp;

use crate::access::tokens::{Hashed, Principal};

/// One session. Clones are the same session.
#[derive(Clone)]
pub struct Session {
    pub(super) state: Arc<State>,
}

/// What all clones of a session share.
pub(super) struct State {
    pub(super) id: SessionId,
    pub(super) hash: Hashed,
    pub(super) principal: Principal,
    pub(super) opened_at: Timestamp,
    /// Milliseconds.
    pub(super) used: AtomicI64,
    pub(super) stateful: AtomicBool,
    /// Runs in progress.
    pub(super) running: AtomicUsize,
}

impl Session {
    /// What jobs name it by; not secret.
    pub fn id(&self) -> &SessionId {
        &self.state.id
    }

    /// Who opened it.
    pub fn principal(&self) -> &Principal {
        &self.state.principal
    }

    /// Whether its jobs run in warm instances.
    pub fn is_stateful(&self) -> bool {
        self.state.stateful.load(Ordering::Acquire)
    }

    pub(super) fn touch(&self, now: Timestamp) {
        self.state.used.fetch_max(now.0, Ordering::Relaxed);
    }

    pub(super) fn over(&self, now: Timestamp, idle_ms: u64, most_ms: u64) -> bool {
        let used = Timestamp(self.state.used.load(Ordering::Relaxed));
        let idle = self.state.running.load(Ordering::Acquire) == 0 && now.ms_since(used) >= idle_ms;
        idle || now.ms_since(self.state.opened_at) >= most_ms
    }
}

/// Shows only its id, so that the rest reaches no log.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.state.id)
    }
}
