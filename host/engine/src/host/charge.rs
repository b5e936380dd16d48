//! What host calls cost: fuel, for the call and for each byte.
//!
//! The contract's own functions charge for themselves. Those of WASI are wasmtime's: each looks at the host's state, which
//! counts that, and the guest pays when the call returns.

use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower};
use wasmtime::{StoreContextMut, Trap};

use super::HostState;

/// Fuel for any host call.
const CALL: u64 = 1_000;
/// Fuel for a byte that crosses.
const BYTE: u64 = 1;

/// Takes the price of a host call that moves `bytes` bytes.
pub(super) fn charge(store: &mut StoreContextMut<'_, HostState>, bytes: usize) -> wasmtime::Result<()> {
    take(store, CALL.saturating_add(BYTE.saturating_mul(bytes as u64)))
}

/// Calls that were answered without being charged for, and the bytes that they moved.
#[derive(Debug, Default)]
pub(super) struct Owed {
    calls: u64,
}

impl Owed {
    /// A call was answered.
    pub(super) fn call(&mut self) {
        self.calls += 1;
    }
}

impl HostState {
    /// Has the guest pay for what WASI did for it since it last paid.
    pub(crate) fn pay(store: &mut StoreContextMut<'_, HostState>) -> wasmtime::Result<()> {
        let calls = std::mem::take(&mut store.data_mut().owed.calls);
        if calls == 0 {
            return Ok(());
        }
        let bytes = store.data().output.take_count();
        take(store, CALL.saturating_mul(calls).saturating_add(BYTE.saturating_mul(bytes)))
    }
}

fn take(store: &mut StoreContextMut<'_, HostState>, price: u64) -> wasmtime::Result<()> {
    let left = store.get_fuel()?;
    let Some(rest) = left.checked_sub(price) else {
        store.set_fuel(0)?;
        return Err(Trap::OutOfFuel.into());
    };
    // For wasmtime a new slice begins with that; the hook around the call sees to pauses.
    store.set_fuel(rest)
}

/// Links a function that is answered at once, at the price of the bytes that it carries.
pub(super) fn at_once<P, R>(
    instance: &mut LinkerInstance<'_, HostState>,
    name: &str,
    bytes: impl Fn(&P) -> usize + Copy + Send + Sync + 'static,
    answer: impl Fn(&mut StoreContextMut<'_, HostState>, P) -> wasmtime::Result<R> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lift + Send + Sync + 'static,
    R: ComponentNamedList + Lower + Send + Sync + 'static,
{
    instance.func_wrap_async(name, move |mut store: StoreContextMut<'_, HostState>, parameters: P| {
        Box::new(async move {
            charge(&mut store, bytes(&parameters))?;
            answer(&mut store, parameters)
        })
    })
}
