//! `settings`: values that the operator granted.
//!
//! The grants of a run hold only what the component asked for in `describe` and the operator granted. The first use of
//! anything else is remembered: if the run then fails, that is why.

use wasmtime::component::Linker;

use crate::contract;
use crate::cut::cut;
use crate::host::charge::at_once;
use crate::host::view::{Find, View};

/// In the contract.
pub(super) const NAME: &str = "settings";

/// What is kept of a call.
#[derive(Default)]
pub(crate) struct Settings {
    /// The first use of something that was not granted; `None` where there was none.
    pub(crate) denied: Option<String>,
}

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<T>, find: Find<T, Settings>) -> wasmtime::Result<()> {
    let mut settings = linker.instance(&contract::whole_name(NAME))?;
    let named = |(name,): &(String,)| name.len();
    at_once(&mut settings, "get", named, move |store, (name,)| Ok((setting(&mut find(store.data_mut()), &name),)))?;
    at_once(&mut settings, "secret", named, move |store, (name,)| Ok((secret(&mut find(store.data_mut()), &name),)))
}

fn setting(view: &mut View<'_, Settings>, name: &str) -> Option<String> {
    granted(view.terms.grants.settings.get(name), view.own, "settings", name)
}

fn secret(view: &mut View<'_, Settings>, name: &str) -> Option<String> {
    granted(view.terms.grants.secrets.get(name), view.own, "secrets", name)
}

fn granted(value: Option<&String>, own: &mut Settings, kind: &str, name: &str) -> Option<String> {
    if value.is_none() {
        let capability = format!("{kind}:{name}");
        own.denied.get_or_insert_with(|| cut(&capability, 128).to_owned());
    }
    value.cloned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use analyte_core::limits::Limits;

    use super::*;
    use crate::host::view::testing::{Heard, terms, view};
    use crate::request::Grants;

    #[test]
    fn what_was_granted_is_given_and_the_first_use_of_anything_else_is_remembered() {
        let mut terms = terms(Limits::default(), Arc::new(Heard::default()));
        let value = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
        terms.grants = Arc::new(Grants { settings: value("unit", "K"), secrets: value("key", "hidden") });
        let mut own = Settings::default();
        assert_eq!(view(&terms, &mut own, |mut view| setting(&mut view, "unit")).as_deref(), Some("K"));
        assert_eq!(view(&terms, &mut own, |mut view| secret(&mut view, "key")).as_deref(), Some("hidden"));
        assert_eq!(own.denied, None);
        // A setting is no secret, nor the other way round.
        assert_eq!(view(&terms, &mut own, |mut view| secret(&mut view, "unit")), None);
        assert_eq!(view(&terms, &mut own, |mut view| setting(&mut view, "key")), None);
        assert_eq!(own.denied.as_deref(), Some("secrets:unit"));
    }
}
