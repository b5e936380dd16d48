//! What a task has pinned: its component, what that said of the model, and the model's file.
//!
//! A job runs on what was installed when it was submitted, whatever was installed since. What is no longer in memory is
//! read from the store, and the component is asked again what its models are.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::Task;
use analyte_core::model::ModelInfo;
use analyte_core::names::ModelName;
use analyte_engine::Component;
use analyte_engine::inspect::Kind;
use analyte_engine::run::request::ModelFile;
use bytes::Bytes;
use parking_lot::Mutex;

use crate::components::unavailable;
use crate::manager::Manager;

/// All that a run needs of what was installed.
pub(crate) struct Pinned {
    pub(crate) component: Component,
    pub(crate) model: Arc<ModelInfo>,
    /// Keeps the file in memory for other runs of the same model as long as this one lasts.
    pub(crate) file: Option<Arc<ModelFile>>,
}

/// Model files that runs in progress use, so that many runs of one model share one copy.
#[derive(Default)]
pub(crate) struct ModelFiles {
    by_digest: Mutex<HashMap<(Digest, ModelName), Weak<ModelFile>>>,
}

impl Manager {
    /// Whether all of it can be found again without making anything ready.
    pub(crate) fn at_hand(&self, task: &Task) -> bool {
        self.inner.components.made(&task.digest) && self.inner.catalogue.pinned(task).is_some()
    }

    /// Finds it all again. Fails with `provider-unavailable` where the provider was removed meanwhile.
    pub(crate) async fn recall(&self, task: &Task) -> Result<Pinned, Failure> {
        let Some(provider) = self.inner.catalogue.get(&task.provider) else {
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
        let model = match self.inner.catalogue.pinned(task) {
            Some(model) => model,
            None => self.described(task, &component, file.as_deref()).await?,
        };
        Ok(Pinned { component, model, file })
    }

    /// Asks a component that was replaced what its model is.
    async fn described(
        &self,
        task: &Task,
        component: &Component,
        file: Option<&ModelFile>,
    ) -> Result<Arc<ModelInfo>, Failure> {
        let mut info = if let Some(file) = file {
            component.inspect_model(file.clone()).await.map_err(unavailable)?
        } else {
            let bytes = self.component_bytes(task.digest).await?;
            let (_, description) = self.inner.engine.install(bytes).await.map_err(unavailable)?;
            let single = description.kind == Kind::Model;
            let found = description.models.into_iter().find(|model| single || model.name == task.model);
            found.ok_or_else(|| {
                let message = format!("the component has no model `{}` any more", task.model);
                Failure::new(Code::ProviderUnavailable, message)
            })?
        };
        info.name = task.model.clone();
        let info = Arc::new(info);
        self.inner.catalogue.remember_pinned(task, info.clone());
        Ok(info)
    }

    /// A model file, shared with the runs in progress that use it too.
    pub(crate) async fn model_file(
        &self,
        digest: Digest,
        model: &ModelName,
        media_type: String,
    ) -> Result<Arc<ModelFile>, Failure> {
        let key = (digest, model.clone());
        let known = self.inner.model_files.by_digest.lock().get(&key).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| known.media_type == media_type) {
            return Ok(known);
        }
        let bytes: Bytes = self.component_bytes(digest).await?;
        let file = Arc::new(ModelFile { name: model.to_string(), media_type, digest: digest.to_string(), bytes });
        let mut files = self.inner.model_files.by_digest.lock();
        files.retain(|_, file| file.strong_count() > 0);
        files.insert(key, Arc::downgrade(&file));
        Ok(file)
    }
}
