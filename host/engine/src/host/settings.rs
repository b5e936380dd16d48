//! `settings`: values that the operator granted.
//!
//! The grants of a run hold only what the component asked for in `describe` and the operator granted. The first use of
//! anything else is remembered: if the run then fails, that is why.

use wasmtime::component::Linker;

use super::{HostState, at_once, cut};

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut settings = linker.instance("analyte:plugin/settings@0.1.0")?;
    let named = |(name,): &(String,)| name.len();
    at_once(&mut settings, "get", named, |store, (name,)| {
        let value = store.data().call.grants.settings.get(&name).cloned();
        Ok((tell(store.data_mut(), "settings", &name, value),))
    })?;
    at_once(&mut settings, "secret", named, |store, (name,)| {
        let value = store.data().call.grants.secrets.get(&name).cloned();
        Ok((tell(store.data_mut(), "secrets", &name, value),))
    })
}

fn tell(state: &mut HostState, kind: &str, name: &str, value: Option<String>) -> Option<String> {
    if value.is_none() {
        let capability = format!("{kind}:{name}");
        state.call.denied.get_or_insert_with(|| cut(&capability, 128).to_owned());
    }
    value
}
