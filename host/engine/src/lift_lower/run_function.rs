//! A component's `run`, which has the same type in both worlds.

#![expect(
    unsafe_code,
    reason = "wasmtime checks the type of a function anew for each instance, by the names of all members; the type is the \
              component's, so that once is enough, and wasmtime's way to say so is unsafe"
)]

use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::component::{ComponentExportIndex, Instance, TypedFunc};
use wasmtime::{Error, Store};

use super::deferred_answer::DeferredAnswer;
use super::request::Request;

/// Where `run` is in each instance of one component.
#[derive(Debug)]
pub(crate) struct RunFunction {
    index: ComponentExportIndex,
    /// Whether its type was found to be that of the contract.
    checked: AtomicBool,
}

impl RunFunction {
    pub(crate) fn new(index: ComponentExportIndex) -> Self {
        Self { index, checked: AtomicBool::new(false) }
    }

    /// The function of an instance of this component.
    pub(crate) fn of<'a, T: 'static>(
        &self,
        store: &mut Store<T>,
        instance: &Instance,
    ) -> wasmtime::Result<TypedFunc<(Request<'a>,), (DeferredAnswer,)>> {
        let run = instance.get_func(&mut *store, self.index);
        let run = run.ok_or_else(|| Error::msg("the instance has no `run`"))?;
        if self.checked.load(Ordering::Relaxed) {
            // SAFETY: the same function of another instance had this type, and types of functions without resources are the
            // component's.
            return Ok(unsafe { TypedFunc::new_unchecked(run) });
        }
        let typed = run.typed(&*store)?;
        self.checked.store(true, Ordering::Relaxed);
        Ok(typed)
    }
}
