//! What all components of an engine run on: wasmtime, what they may import, their threads, and the shares of memory and of the
//! pool that a run takes first.

use std::sync::Arc;

use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use tokio::runtime::Handle;
use wasmtime::component::Linker;

use crate::error::EngineError;
use crate::host::HostState;
use crate::host::interfaces;
use crate::machine::Machine;
use crate::machine::budget::MemoryBudget;
use crate::runtime::pool_places::PoolPlaces;
use crate::runtime::start;
use crate::schedule::fair_turns::Turns;
use crate::schedule::guest_threads::GuestThreads;
use crate::schedule::watchdog::Watchdog;

/// Clones share everything.
#[derive(Clone)]
pub(crate) struct Platform {
    inner: Arc<Inner>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    /// How many memories of components there may be at once.
    memories: u32,
    /// One for each of them.
    places: PoolPlaces,
    linker: Linker<HostState>,
    limits: Arc<Limits>,
    budget: MemoryBudget,
    guests: GuestThreads,
    watchdog: Watchdog,
}

impl Platform {
    /// Starts wasmtime, tries out whether components can run here, and starts this number of threads for them.
    pub(crate) fn start(limits: Arc<Limits>, threads: usize) -> Result<Self, EngineError> {
        let (wasmtime, memories) = start::wasmtime(&limits)?;
        start::try_out(&wasmtime)?;
        let linker = interfaces::linker(&wasmtime).map_err(|error| EngineError::Wasmtime(error.into()))?;
        let io = |doing: &str| {
            let doing = doing.to_owned();
            |source| EngineError::Io { doing, source }
        };
        let guests = GuestThreads::start(threads).map_err(io("starting threads for components"))?;
        let watchdog = Watchdog::begin(&limits, threads, guests.turns().clone())
            .map_err(io("starting the thread that watches components"))?;
        let budget = match limits.memory_budget_bytes {
            // With too little for a budget, one run at a time.
            0 => Machine::here().memory.budget().unwrap_or_default(),
            bytes => bytes,
        };
        let budget = MemoryBudget::new(budget, &limits);
        let places = PoolPlaces::new(memories);
        let inner = Inner { wasmtime, memories, places, linker, limits, budget, guests, watchdog };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.inner.limits
    }

    /// Everything large is reserved here first.
    pub(crate) fn budget(&self) -> &MemoryBudget {
        &self.inner.budget
    }

    /// What a run with these limits reserves of the budget, in bytes.
    pub(crate) fn run_bytes(&self, limits: RunLimits) -> u64 {
        limits.memory_bytes.saturating_add(self.inner.limits.output_bytes)
    }

    /// What looks after guests that do not come to a pause.
    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.inner.watchdog
    }

    /// How many memories of components there may be at once.
    pub(crate) fn memories(&self) -> u32 {
        self.inner.memories
    }

    /// Places in the pool of instances.
    pub(crate) fn places(&self) -> &PoolPlaces {
        &self.inner.places
    }

    /// wasmtime, as it is set up here.
    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    /// Everything that a component may import.
    pub(crate) fn linker(&self) -> &Linker<HostState> {
        &self.inner.linker
    }

    /// The guests' threads, and the turns that guests take there; `None` only while the platform is being dropped.
    pub(crate) fn guests(&self) -> Option<(&Handle, &Turns)> {
        let guests = &self.inner.guests;
        guests.threads().map(|threads| (threads, guests.turns()))
    }
}
