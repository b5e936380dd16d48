//! One instance and the calls into it: each metered by fuel, bounded in memory and time.
//!
//! A run makes an instance, calls it once and throws it away; a [stateful session](super::session) calls one again. A call
//! that does not come to its end (a trap, no fuel, no time, an instance that cannot be made) is the instance's last, and so
//! is one whose future is dropped: the guest is then gone at its next pause. Fuel makes one every [`YIELD_FUEL`] units (from
//! well below a millisecond to some 4 ms, by the code), and the [hook](super::call_hook) around every host call where a step has
//! lasted [long enough](crate::schedule::step::LENGTH).

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::{RunLimits, Usage};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::component::Component;
use crate::error::HostFault;
use crate::host::{Call, HostState, StderrTail};
use crate::lift_lower::Transfer;
use crate::request::RunSink;
use crate::run::call_hook::Hook;
use crate::run::diagnose::diagnose;
use crate::runtime::pool_places::PoolPlace;

/// Fuel between two yields, unless something else is asked for.
const YIELD_FUEL: u64 = 1_000_000;

/// An answer of a component, or why there is none, and what it cost.
pub(crate) struct Called<T> {
    pub(crate) answer: Result<T, Failure>,
    pub(crate) usage: Usage,
    /// As the component left it.
    pub(crate) call: Call,
    /// What it wrote to stderr.
    pub(crate) output: StderrTail,
}

/// An instance in a store of its own.
pub(crate) struct GuestInstance {
    component: Component,
    /// Fuel between two yields.
    slice: u64,
    store: Store<HostState>,
    stage: Stage,
    /// After the store, which gives back to the pool what it has of it.
    _place: PoolPlace,
}

enum Stage {
    /// Made in the first call, so that its fuel and time count.
    Unmade,
    Ready(Instance),
    /// After a trap, an error or a dropped future a store cannot be entered again, nor can a new instance in it.
    Ended,
}

impl GuestInstance {
    /// Room for an instance that may grow to this number of bytes, in its component's [place](Component::place) in the pool.
    pub(crate) fn new(component: Component, memory_bytes: u64, place: PoolPlace) -> Self {
        let platform = component.platform();
        // Bounds what it may keep between calls, too: with no network, no folders and no name look-up, a WASI resource is a
        // deadline or the end of a stream, and nothing that works on its own.
        let handles = usize::try_from(platform.limits().handles).unwrap_or(usize::MAX);
        let mut state = HostState::new(platform.limits().clone(), memory_bytes);
        // A wait is two resources behind one handle.
        state.resources.set_max_capacity(handles.saturating_mul(2));
        let mut store = Store::new(platform.wasmtime(), state);
        store.limiter_async(|state| &mut state.memory);
        store.call_hook_async(Hook);
        store.set_max_component_handles(handles);
        Self { component, slice: YIELD_FUEL, store, stage: Stage::Unmade, _place: place }
    }

    /// Yields each time that it has burnt this much fuel, and once before its memory grows beyond this number of bytes.
    pub(crate) fn in_small_steps(mut self, fuel: u64, memory_bytes: u64) -> Self {
        self.slice = fuel;
        self.store.data_mut().memory.pause_above(memory_bytes);
        self
    }

    /// Whose instance it is.
    pub(crate) fn component(&self) -> &Component {
        &self.component
    }

    /// Where the call's progress and log lines go.
    pub(crate) fn sink(&self) -> Arc<dyn RunSink> {
        self.store.data().call.terms.sink.clone()
    }

    /// How large it is now.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.store.data().memory.now()
    }

    /// Whether it can be called again.
    pub(crate) fn usable(&self) -> bool {
        matches!(self.stage, Stage::Unmade | Stage::Ready(_))
    }

    /// Makes the instance if there is none, and lets `body` call it. Of the limits only fuel and time are the call's; how
    /// much memory there is was said when the instance was made.
    pub(crate) async fn call<T>(
        &mut self,
        limits: RunLimits,
        transfer: Transfer,
        call: Call,
        body: impl AsyncFnOnce(&mut Store<HostState>, &Instance) -> wasmtime::Result<T>,
    ) -> Called<T> {
        // A caller that drops this future leaves it so.
        let before = mem::replace(&mut self.stage, Stage::Ended);
        let store = &mut self.store;
        let (deadline, stop_conditions) = (call.terms.deadline, call.terms.stop_conditions.clone());
        store.data_mut().begin(call, transfer);
        let answer = match set_out(store, limits, self.slice) {
            Ok(()) => {
                let left = deadline.saturating_duration_since(Instant::now());
                let work = async {
                    let instance = match before {
                        Stage::Ready(instance) => instance,
                        Stage::Unmade => self.component.pre().instantiate_async(&mut *store).await?,
                        Stage::Ended => return Err(ended()),
                    };
                    let answer = body(&mut *store, &instance).await?;
                    Ok((answer, instance))
                };
                let called = tokio::select! {
                    biased;
                    () = stop_conditions.stopped() => None,
                    called = tokio::time::timeout(left, work) => Some(called),
                };
                match called {
                    Some(Ok(Ok((answer, instance)))) => {
                        self.stage = Stage::Ready(instance);
                        Ok(answer)
                    }
                    Some(Ok(Err(error))) => Err(Stopped::Error(error)),
                    Some(Err(_)) => Err(Stopped::Deadline),
                    None => Err(Stopped::Asked),
                }
            }
            Err(error) => Err(Stopped::Error(error)),
        };
        // Exact at a yield and after a trap; running out leaves nothing.
        let fuel_left = self.store.get_fuel().unwrap_or(0);
        let state = self.store.data_mut();
        let Call { terms, kept } = &mut state.call;
        kept.job.end(&*terms.sink);
        let usage = Usage { fuel: limits.fuel.saturating_sub(fuel_left), peak_memory_bytes: state.memory.peak() };
        let answer = answer.map_err(|stopped| match stopped {
            Stopped::Deadline => timeout(limits, state),
            Stopped::Asked => Failure::new(Code::Cancelled, "the run was stopped"),
            Stopped::Error(error) => diagnose(&error, limits, transfer, state),
        });
        Called { answer, usage, output: state.output().clone(), call: state.end() }
    }
}

enum Stopped {
    Error(wasmtime::Error),
    Deadline,
    /// By the caller that began it, see [`StopConditions`](crate::request::stop::StopConditions).
    Asked,
}

/// What is set anew for each call.
fn set_out(store: &mut Store<HostState>, limits: RunLimits, slice: u64) -> wasmtime::Result<()> {
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(slice))
}

fn ended() -> wasmtime::Error {
    HostFault::new("the instance ended with an earlier call", "an instance that has ended was called again").into()
}

fn timeout(limits: RunLimits, state: &HostState) -> Failure {
    let spent = Duration::from_millis(limits.timeout_ms);
    let mut failure = Failure::new(Code::Timeout, format!("the run took longer than {spent:?} (limit timeout_ms)"));
    failure.stderr = state.output().text();
    failure.hint("ask for more time with `limits.timeout_ms`, or give the model less to do")
}
