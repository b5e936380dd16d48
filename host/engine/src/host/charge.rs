//! What host calls cost: fuel, for the call and for each byte.
//!
//! The contract's own functions charge for themselves. Those of WASI are wasmtime's: each looks at the host's state, which
//! counts that, and the guest pays when the call returns.

use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower};
use wasmtime::{StoreContextMut, Trap};

/// Fuel for any host call.
const CALL: u64 = 1_000;
/// Fuel for a byte that crosses.
const BYTE: u64 = 1;

/// Takes the price of a host call that moves `bytes` bytes.
pub(super) fn charge<T: 'static>(store: &mut StoreContextMut<'_, T>, bytes: usize) -> wasmtime::Result<()> {
    charge_calls(store, 1, bytes as u64)
}

/// Takes the price of this number of host calls, which together moved `bytes` bytes.
pub(super) fn charge_calls<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    calls: u64,
    bytes: u64,
) -> wasmtime::Result<()> {
    let price = CALL.saturating_mul(calls).saturating_add(BYTE.saturating_mul(bytes));
    let left = store.get_fuel()?;
    let Some(rest) = left.checked_sub(price) else {
        store.set_fuel(0)?;
        return Err(Trap::OutOfFuel.into());
    };
    // For wasmtime a new slice begins with that; the hook around the call sees to pauses.
    store.set_fuel(rest)
}

/// Links a function that is answered at once, at the price of the bytes that it carries.
pub(super) fn at_once<T, P, R>(
    instance: &mut LinkerInstance<'_, T>,
    name: &str,
    bytes: impl Fn(&P) -> usize + Copy + Send + Sync + 'static,
    answer: impl Fn(&mut StoreContextMut<'_, T>, P) -> wasmtime::Result<R> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    T: Send + 'static,
    P: ComponentNamedList + Lift + Send + Sync + 'static,
    R: ComponentNamedList + Lower + Send + Sync + 'static,
{
    instance.func_wrap_async(name, move |mut store: StoreContextMut<'_, T>, parameters: P| {
        Box::new(async move {
            charge(&mut store, bytes(&parameters))?;
            answer(&mut store, parameters)
        })
    })
}
