//! Makes components ready to run: those that are installed after a start, any other when it is needed.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::names::{ModelName, ProviderKey};
use analyte_engine::Component;
use analyte_engine::error::Refused;
use bytes::Bytes;
use futures::StreamExt as _;

use crate::manager::Manager;

/// Components that are made ready at once after a start: each may compile, which is a process of its own.
const AT_ONCE: usize = 2;

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
