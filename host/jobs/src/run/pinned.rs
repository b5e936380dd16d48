//! What a task has pinned: its component, what that said of the model, and the model's file.
//!
//! A job runs on what was installed when it was submitted, whatever was installed since. What is no longer in memory is
//! read from the store, and the component is asked again what its models are.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::Task;
use analyte_core::model::ModelInfo;
use analyte_core::names::{ModelName, Organisation, ProviderKey};
use analyte_engine::Component;
use analyte_engine::component::inspect::Kind;
use analyte_engine::request::{ModelFile, ModelSource};
use sha2::{Digest as _, Sha256};

use crate::catalogue::load::unavailable;
use crate::catalogue::model_file::{ModelFileInStore, unreadable};
use crate::manager::Manager;

/// Model files are checked in pieces of this size.
const PIECE: u64 = 1024 * 1024;

/// All that a run needs of what was installed.
pub(crate) struct Pinned {
    pub(crate) provider: ProviderKey,
    pub(crate) component: Component,
    pub(crate) model: Arc<ModelInfo>,
    pub(crate) file: Option<ModelFile>,
}

impl Manager {
    /// Whether all of it can be found again without making anything ready.
    pub(crate) fn at_hand(&self, organisation: &Organisation, task: &Task) -> bool {
        self.inner.components.made(&task.digest) && self.inner.catalogue.pinned(organisation, task).is_some()
    }

    /// Finds it all again. Fails with `provider-unavailable` where the provider was removed meanwhile.
    pub(crate) async fn recall(&self, organisation: &Organisation, task: &Task) -> Result<Pinned, Failure> {
        let Some(provider) = self.inner.catalogue.named(organisation, &task.provider) else {
            let message = format!("provider `{}` was removed", task.provider);
            return Err(Failure::new(Code::ProviderUnavailable, message));
        };
        let media_type = provider
            .models
            .get(&task.model)
            .filter(|model| model.file == task.model_file)
            .and_then(|model| model.published.as_ref())
            .map(|published| published.media_type.clone());
        let file = match task.model_file {
            Some(digest) => Some(self.model_file(digest, &task.model, media_type.unwrap_or_default()).await?),
            None => None,
        };
        let component = self.component(task.digest).await?;
        let model = if let Some(model) = self.inner.catalogue.pinned(organisation, task) {
            model
        } else {
            let info = self.described(organisation, task, &component, file.as_ref()).await?;
            self.inner.catalogue.remember_pinned(provider.key(), task, info.clone());
            info
        };
        Ok(Pinned { provider: provider.key(), component, model, file })
    }

    /// Asks a component that was replaced what its model is.
    async fn described(
        &self,
        organisation: &Organisation,
        task: &Task,
        component: &Component,
        file: Option<&ModelFile>,
    ) -> Result<Arc<ModelInfo>, Failure> {
        let mut info = if let Some(file) = file {
            component.inspect_model(Some(organisation), file.clone()).await.map_err(unavailable)?
        } else {
            let bytes = self.component_bytes(task.digest).await?;
            let (_, description) =
                self.inner.engine.install_for(Some(organisation), bytes).await.map_err(unavailable)?;
            let single = description.kind == Kind::Model;
            let found = description.models.into_iter().find(|model| single || model.name == task.model);
            found.ok_or_else(|| {
                let message = format!("the component has no model `{}` any more", task.model);
                Failure::new(Code::ProviderUnavailable, message)
            })?
        };
        info.name = task.model.clone();
        Ok(Arc::new(info))
    }

    /// A model file, read from the store as its provider asks for it.
    pub(crate) async fn model_file(
        &self,
        digest: Digest,
        model: &ModelName,
        media_type: String,
    ) -> Result<ModelFile, Failure> {
        let size = match self.inner.store.component_size(digest).await {
            Ok(Some(size)) => size,
            Ok(None) => {
                let message = format!("the model file {digest} is no longer there");
                return Err(Failure::new(Code::ProviderUnavailable, message));
            }
            Err(error) => {
                return Err(Failure::new(Code::HostError, unreadable(&digest, &error)));
            }
        };
        let source = ModelFileInStore::published(self.inner.store.clone(), digest);
        self.check_once(&source, digest, size).await?;
        let source = Arc::new(source);
        Ok(ModelFile { name: model.to_string(), media_type, digest: digest.to_string(), size, source })
    }
}

impl Manager {
    /// Reads a model file once after each start of the server, to see that it is still what was published, to the last bit.
    async fn check_once(&self, file: &ModelFileInStore, digest: Digest, size: u64) -> Result<(), Failure> {
        if self.inner.checked_files.lock().contains(&digest) {
            return Ok(());
        }
        let failed = |why: String| Failure::new(Code::HostError, why);
        let mut hasher = Sha256::new();
        let mut at = 0;
        while at < size {
            let length = usize::try_from((size - at).min(PIECE)).unwrap_or(usize::MAX);
            let piece = file.read(at, length).await.map_err(failed)?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            hasher.update(&piece);
        }
        if Digest::from_bytes(hasher.finalize().into()) != digest {
            tracing::error!(%digest, "a model file is damaged");
            return Err(failed("the model file is damaged; publish it again".to_owned()));
        }
        self.inner.checked_files.lock().insert(digest);
        Ok(())
    }
}
