//! One fresh instance and one call into it: metered by fuel, bounded in memory and time.
//!
//! The instance is thrown away with the store. The future may be dropped at any time: the guest is then gone at its next
//! yield (every [`YIELD_FUEL`] units, from well below a millisecond to some 4 ms, by the code) or host call.

use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::{RunLimits, Usage};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::component::Component;
use crate::host::{Call, HostState};
use crate::run::diagnose::diagnose;

/// Fuel between two yields.
const YIELD_FUEL: u64 = 1_000_000;

/// Most live resources of one component.
const HANDLES: usize = 10_000;

/// An answer of a component, or why there is none, and what it cost.
pub(crate) struct Called<T> {
    pub(crate) answer: Result<T, Failure>,
    pub(crate) usage: Usage,
    pub(crate) state: HostState,
}

/// How much one transfer out of a component may carry, and which limit says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer {
    pub(crate) bytes: u64,
    pub(crate) limit: &'static str,
}

/// Makes an instance and lets `body` call it.
pub(crate) async fn in_fresh_instance<T>(
    component: &Component,
    limits: RunLimits,
    transfer: Transfer,
    call: Call,
    body: impl AsyncFnOnce(&mut Store<HostState>, &Instance) -> wasmtime::Result<T>,
) -> Called<T> {
    let deadline = call.deadline;
    let mut store = Store::new(component.engine().wasmtime(), HostState::new(call, limits.memory_bytes));
    let answer = match prepare(&mut store, limits, transfer) {
        Ok(()) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let work = async {
                let instance = component.pre().instantiate_async(&mut store).await?;
                body(&mut store, &instance).await
            };
            match tokio::time::timeout(left, work).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(Stopped::Error(error)),
                Err(_) => Err(Stopped::Deadline),
            }
        }
        Err(error) => Err(Stopped::Error(error)),
    };
    // Exact at a yield and after a trap; running out leaves nothing.
    let fuel_left = store.get_fuel().unwrap_or(0);
    let mut state = store.into_data();
    if let Some(report) = state.call.held_back.take() {
        state.call.sink.progress(report);
    }
    let usage = Usage { fuel: limits.fuel.saturating_sub(fuel_left), peak_memory_bytes: state.memory.peak() };
    let answer = answer.map_err(|stopped| match stopped {
        Stopped::Deadline => timeout(limits, &state),
        Stopped::Error(error) => diagnose(&error, limits, transfer, &state),
    });
    Called { answer, usage, state }
}

enum Stopped {
    Error(wasmtime::Error),
    Deadline,
}

fn prepare(store: &mut Store<HostState>, limits: RunLimits, transfer: Transfer) -> wasmtime::Result<()> {
    store.limiter(|state| &mut state.memory);
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(YIELD_FUEL))?;
    store.set_hostcall_fuel(usize::try_from(transfer.bytes).unwrap_or(usize::MAX));
    store.set_max_component_handles(HANDLES);
    Ok(())
}

fn timeout(limits: RunLimits, state: &HostState) -> Failure {
    let spent = Duration::from_millis(limits.timeout_ms);
    let mut failure = Failure::new(Code::Timeout, format!("the run took longer than {spent:?} (limit timeout_ms)"));
    failure.stderr = state.output.text();
    failure.hint("ask for more time with `limits.timeout_ms`, or give the model less to do")
}
