//! What host calls cost: fuel, and a pause when a slice of it is used up.

use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower};
use wasmtime::{StoreContextMut, Trap};

use super::HostState;
use super::pause::pause;

/// Fuel for any host call.
const CALL: u64 = 1_000;
/// Fuel for a byte that crosses.
const BYTE: u64 = 1;

/// When a run has to pause beside the yields that wasmtime makes.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    /// Fuel between two pauses.
    length: u64,
    /// What was left at the last one.
    last: u64,
}

impl Slices {
    /// A call into the component begins, with so much fuel.
    pub(crate) fn begin(&mut self, length: u64, fuel: u64) {
        *self = Self { length, last: fuel };
    }

    /// Whether a pause is due with so much fuel left.
    fn end(&mut self, left: u64) -> bool {
        let due = self.last.saturating_sub(left) >= self.length;
        if due {
            self.last = left;
        }
        due
    }
}

/// The price of a host call that moves so many bytes.
pub(super) async fn charge(store: &mut StoreContextMut<'_, HostState>, bytes: usize) -> wasmtime::Result<()> {
    let price = CALL.saturating_add(BYTE.saturating_mul(bytes as u64));
    let left = store.get_fuel()?;
    let Some(rest) = left.checked_sub(price) else {
        store.set_fuel(0)?;
        return Err(Trap::OutOfFuel.into());
    };
    // For wasmtime a new slice begins with that, so that a component which calls the host often enough would never yield.
    store.set_fuel(rest)?;
    if store.data_mut().slices.end(rest) {
        pause().await;
    }
    Ok(())
}

/// Links a function that is answered at once, at the price of so many bytes.
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
            charge(&mut store, bytes(&parameters)).await?;
            answer(&mut store, parameters)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_due_after_a_slice() {
        let mut slices = Slices::default();
        slices.begin(100, 1_000);
        let due = [950, 901, 900, 850, 801, 800, 100, 99, 0].map(|left| slices.end(left));
        assert_eq!(due, [false, false, true, false, false, true, true, false, true]);
    }
}
