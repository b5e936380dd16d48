//! A model file in the store, which its provider reads piece by piece: when it is published, and whenever it is run.

use std::fmt;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_engine::request::ModelSource;
use analyte_store::{Staged, Store, StoreError};
use async_trait::async_trait;
use bytes::Bytes;

/// A model file in the store.
pub(crate) struct ModelFileInStore {
    store: Arc<dyn Store>,
    which: Which,
}

enum Which {
    /// Written, and not published yet.
    Staged(Staged),
    /// Published under its digest.
    Published(Digest),
}

impl ModelFileInStore {
    /// One that is not published yet.
    pub(crate) fn staged(store: Arc<dyn Store>, staged: Staged) -> Self {
        Self { store, which: Which::Staged(staged) }
    }

    /// The one that was published with this digest.
    pub(crate) fn published(store: Arc<dyn Store>, digest: Digest) -> Self {
        Self { store, which: Which::Published(digest) }
    }

    fn digest(&self) -> Digest {
        match &self.which {
            Which::Staged(staged) => staged.content.digest,
            Which::Published(digest) => *digest,
        }
    }
}

#[async_trait]
impl ModelSource for ModelFileInStore {
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String> {
        let range = offset..offset.saturating_add(length as u64);
        let read = match &self.which {
            Which::Staged(staged) => self.store.staged_range(staged, range).await.map(Some),
            Which::Published(digest) => self.store.component_range(*digest, range).await,
        };
        let read = read.map_err(|error| unreadable(&self.digest(), &error))?;
        read.ok_or_else(|| "the model file is no longer there".to_owned())
    }
}

impl fmt::Debug for ModelFileInStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelFileInStore({})", self.digest())
    }
}

/// What a client learns where the store fails; the operator finds in the log how.
pub(crate) fn unreadable(digest: &Digest, error: &StoreError) -> String {
    tracing::error!(%digest, error = error as &dyn std::error::Error, "a model file cannot be read");
    "the model file cannot be read from the server's store".to_owned()
}
