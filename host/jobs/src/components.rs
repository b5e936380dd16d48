//! Components in memory, by digest: those that are installed, and those that jobs still pin.
//!
//! A component is loaded once, by whoever needs it first; the others wait for the same load. A load that failed is
//! tried again by the next who needs it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::names::{ModelName, ProviderKey};
use analyte_engine::Component;
use analyte_engine::error::Refused;
use bytes::Bytes;
use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::catalogue::ProviderState;
use crate::manager::Manager;

/// So many components are made ready at once after a start: each may compile, which is a process of its own.
const AT_ONCE: usize = 2;

#[derive(Default)]
struct Entry {
    component: OnceCell<Component>,
    /// Why the last load failed.
    failed: Mutex<Option<String>>,
}

/// All components in memory.
#[derive(Default)]
pub(crate) struct Components {
    entries: Mutex<HashMap<Digest, Arc<Entry>>>,
    /// By provider, and model where it was published on its own: the component that was replaced last.
    superseded: Mutex<HashMap<(ProviderKey, Option<ModelName>), Digest>>,
    settled: AtomicBool,
}

impl Components {
    fn entry(&self, digest: Digest) -> Arc<Entry> {
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

    /// Whether somebody is making it ready at this moment.
    pub(crate) fn loading(&self, digest: &Digest) -> bool {
        let entry = self.entries.lock().get(digest).cloned();
        entry.is_some_and(|entry| !entry.component.initialized() && entry.failed.lock().is_none())
    }

    /// Those whose runs are short.
    pub(crate) fn quick(&self) -> HashSet<Digest> {
        let quick = |(digest, entry): (&Digest, &Arc<Entry>)| entry.component.get()?.is_quick().then_some(*digest);
        self.entries.lock().iter().filter_map(quick).collect()
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

    /// Forgets what was replaced last under this name, and answers it; `None` for a provider with all its models.
    fn take_superseded(&self, key: &ProviderKey, model: Option<&ModelName>) -> Vec<Digest> {
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

/// Makes every installed component ready after a start.
pub(crate) async fn make_ready(manager: Manager) {
    let digests = manager.installed_components();
    for digest in &digests {
        manager.inner.components.entry(*digest);
    }
    futures::stream::iter(digests)
        .for_each_concurrent(AT_ONCE, |digest| {
            let manager = manager.clone();
            async move {
                if let Err(failure) = manager.component(digest).await {
                    tracing::error!(%digest, %failure, causes = ?failure.causes, "an installed component cannot be loaded");
                }
            }
        })
        .await;
    manager.inner.components.settled.store(true, Ordering::Release);
}

impl Manager {
    /// Every component that an installed provider or model runs on.
    pub(crate) fn installed_components(&self) -> HashSet<Digest> {
        self.inner
            .catalogue
            .snapshot()
            .values()
            .flat_map(|provider| provider.components().collect::<Vec<_>>())
            .collect()
    }

    /// A component was replaced under this name. Jobs may still pin it, so that it stays in memory for a while; what it had
    /// replaced itself goes, so that no more than one stays for each name, however often it is replaced.
    pub(crate) fn replaced(&self, key: &ProviderKey, model: Option<&ModelName>, digest: Digest) {
        let before = self.inner.components.superseded.lock().insert((key.clone(), model.cloned()), digest);
        if let Some(before) = before.filter(|before| *before != digest) {
            self.removed(before);
        }
        if !self.inner.catalogue.uses(&digest) {
            self.inner.engine.let_code_go(&digest);
        }
    }

    /// What was replaced under this name last, which was removed now: no job pins it any more. `model` is `None` for the
    /// whole provider with all its models.
    pub(crate) fn name_removed(&self, key: &ProviderKey, model: Option<&ModelName>) {
        for digest in self.inner.components.take_superseded(key, model) {
            self.removed(digest);
        }
    }

    /// A component was taken out of the catalogue. Unless another provider or model runs on it, it goes from memory as soon
    /// as its last run ends, and with it its compiled code.
    pub(crate) fn removed(&self, digest: Digest) {
        if !self.inner.catalogue.uses(&digest) {
            self.inner.engine.let_code_go(&digest);
            self.inner.components.forget(&digest);
        }
    }

    /// A component, ready to run; loaded if need be.
    pub(crate) async fn component(&self, digest: Digest) -> Result<Component, Failure> {
        let entry = self.inner.components.entry(digest);
        let loaded = entry.component.get_or_try_init(|| self.load(digest)).await;
        *entry.failed.lock() = loaded.as_ref().err().map(|failure| failure.message.clone());
        loaded.cloned()
    }

    async fn load(&self, digest: Digest) -> Result<Component, Failure> {
        let bytes = self.component_bytes(digest).await?;
        self.inner.engine.load(digest, bytes).await.map_err(unavailable)
    }

    /// The stored bytes of a component or model file.
    pub(crate) async fn component_bytes(&self, digest: Digest) -> Result<Bytes, Failure> {
        match self.inner.store.component(digest).await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => {
                Err(Failure::new(Code::ProviderUnavailable, format!("the component {digest} is no longer installed")))
            }
            Err(error) => {
                tracing::error!(%digest, error = &error as &dyn std::error::Error, "a component cannot be read");
                Err(Failure::new(Code::HostError, "the component cannot be read from the server's store"))
            }
        }
    }
}

/// A component that was accepted once and is refused now.
pub(crate) fn unavailable(refused: Refused) -> Failure {
    let code = if refused.code == Code::HostError { Code::HostError } else { Code::ProviderUnavailable };
    Failure { causes: refused.causes, ..Failure::new(code, refused.message) }
}
