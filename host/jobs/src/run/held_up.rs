//! Which organisations' queued tasks wait, and for what: what the last claim said.

use std::collections::BTreeMap;

use analyte_core::names::Organisation;
use analyte_store::HeldUp;
use parking_lot::Mutex;

/// As the dispatcher saw it last.
#[derive(Default)]
pub(crate) struct Seen {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held_up: BTreeMap<Organisation, HeldUp>,
    /// Those of further organisations wait as well, since as many run as may.
    more: bool,
}

impl Seen {
    /// Takes what a claim said.
    pub(crate) fn put(&self, held_up: BTreeMap<Organisation, HeldUp>, more: bool) {
        *self.state.lock() = State { held_up, more };
    }

    pub(super) fn of(&self, organisation: &Organisation) -> (Option<HeldUp>, bool) {
        let state = self.state.lock();
        (state.held_up.get(organisation).copied(), state.more)
    }

    /// Whether a task waits for memory.
    pub(crate) fn lacks_memory(&self) -> bool {
        self.state.lock().held_up.values().any(|why| waits_for_memory(*why).is_some())
    }
}

/// The bytes of memory that a task waits for, if it does.
pub(crate) fn waits_for_memory(why: HeldUp) -> Option<u64> {
    match why {
        HeldUp::Tasks => None,
        HeldUp::Share { bytes } | HeldUp::Memory { bytes } => Some(bytes),
    }
}

/// That an organisation holds all the memory that it may.
pub(crate) const HOLDS_ITS_SHARE: &str =
    "the organisation holds its share of the memory for requests and runs (limit organisation_memory_percent)";
/// That too little memory is free.
pub(crate) const NO_MEMORY: &str = "the memory for requests and runs is in use (limit memory_budget_bytes)";
