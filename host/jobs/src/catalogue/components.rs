//! Components in memory, by digest: those that are installed, and those that jobs still pin.
//!
//! A component is loaded once, by the first caller that needs it; the others wait for the same load. A load that failed
//! is tried again by the next caller that needs it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use analyte_core::digest::Digest;
use analyte_core::names::{ModelName, Organisation, ProviderKey};
use analyte_engine::Component;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::catalogue::installed::ProviderState;

#[derive(Default)]
pub(super) struct Entry {
    pub(super) component: OnceCell<Component>,
    /// Why the last load failed.
    pub(super) failed: Mutex<Option<String>>,
}

/// All components in memory.
#[derive(Default)]
pub(crate) struct Components {
    entries: Mutex<HashMap<Digest, Arc<Entry>>>,
    /// By provider, and model where it was published on its own: the component that was replaced last.
    pub(super) superseded: Mutex<HashMap<(ProviderKey, Option<ModelName>), Digest>>,
    pub(super) settled: AtomicBool,
}

impl Components {
    pub(super) fn entry(&self, digest: Digest) -> Arc<Entry> {
        self.entries.lock().entry(digest).or_default().clone()
    }

    /// Takes up a component that is ready.
    pub(crate) fn put(&self, component: Component) {
        let entry = Entry::default();
        let digest = component.digest();
        // The cell is new, so it is empty.
        let _ = entry.component.set(component);
        self.entries.lock().insert(digest, Arc::new(entry));
    }

    /// How it stands with a component.
    pub(crate) fn state(&self, digest: &Digest) -> ProviderState {
        match self.entries.lock().get(digest) {
            Some(entry) if entry.component.initialized() => ProviderState::Ready,
            Some(entry) => match entry.failed.lock().clone() {
                Some(why) => ProviderState::Unavailable(why),
                None => ProviderState::Loading,
            },
            None => ProviderState::Loading,
        }
    }

    /// Whether a caller is making it ready at this moment.
    pub(crate) fn loading(&self, digest: &Digest) -> bool {
        let entry = self.entries.lock().get(digest).cloned();
        entry.is_some_and(|entry| !entry.component.initialized() && entry.failed.lock().is_none())
    }

    /// Those of which runs are short, and the organisations whose runs these are.
    pub(crate) fn trusted(&self) -> HashSet<(Organisation, Digest)> {
        let entries = self.entries.lock();
        let ready = entries.iter().filter_map(|(digest, entry)| Some((*digest, entry.component.get()?.trusted_for())));
        ready.flat_map(|(digest, of)| of.into_iter().map(move |organisation| (organisation, digest))).collect()
    }

    /// Whether it is ready to run.
    pub(crate) fn made(&self, digest: &Digest) -> bool {
        self.entries.lock().get(digest).is_some_and(|entry| entry.component.initialized())
    }

    /// Whether all that was installed at the start is ready or known to be unusable.
    pub(crate) fn settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// Lets go of one; runs in progress keep theirs.
    pub(crate) fn forget(&self, digest: &Digest) {
        let mut entries = self.entries.lock();
        // Another caller makes it ready at this moment: it goes with the others that are not needed.
        if entries.get(digest).is_some_and(|entry| Arc::strong_count(entry) == 1) {
            entries.remove(digest);
        }
    }

    /// Forgets what was replaced last under this name, and answers it. `model` is `None` for a provider with all its
    /// models.
    pub(super) fn take_superseded(&self, key: &ProviderKey, model: Option<&ModelName>) -> Vec<Digest> {
        let concerned = |(of, name): &(ProviderKey, Option<ModelName>)| {
            of == key && model.is_none_or(|model| name.as_ref() == Some(model))
        };
        let mut superseded = self.superseded.lock();
        superseded.extract_if(|name, _| concerned(name)).map(|(_, digest)| digest).collect()
    }

    /// Lets go of all but these; runs in progress keep theirs.
    pub(crate) fn keep_only(&self, kept: &HashSet<Digest>) {
        self.superseded.lock().clear();
        self.entries.lock().retain(|digest, entry| kept.contains(digest) || Arc::strong_count(entry) > 1);
    }
}
