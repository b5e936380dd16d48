//! Models: list, show, switch on and off, remove. How they come is in [`crate::catalogue::publish`].

use std::sync::Arc;

use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
use analyte_store::Removed;

use crate::catalogue::installed::{Model, Origin};
use crate::catalogue::providers::in_use;
use crate::detached::detached;
use crate::error::JobsError;
use crate::manager::Manager;

impl Manager {
    /// Switches a model on or off. One that is off takes no new jobs; jobs that are queued go on.
    pub async fn set_model_enabled(
        &self,
        key: &ProviderKey,
        model: &ModelName,
        enabled: bool,
    ) -> Result<Arc<Model>, JobsError> {
        self.refuse_while_stopping()?;
        let _turn = self.inner.changing.turn(key).await;
        let before = self.installed(key)?;
        if !before.models.contains_key(model) {
            return Err(no_model(key, model));
        }
        let mut record = before.record.as_ref().clone();
        if enabled {
            record.disabled.remove(model);
        } else {
            record.disabled.insert(model.clone());
        }
        let published = before.published().cloned().collect();
        let after = self.assembled(Arc::new(record.clone()), published).await?;
        let Some(changed) = after.models.get(model).cloned() else { return Err(no_model(key, model)) };
        let _gate = self.inner.gate.write().await;
        self.inner.store.put_provider(record, None).await?;
        self.inner.catalogue.put(Arc::new(after));
        tracing::info!(provider = %key, %model, enabled, "model switched");
        Ok(changed)
    }

    /// All models of a provider, by name.
    pub fn models(&self, organisation: &Organisation, provider: &ProviderName) -> Result<Vec<Arc<Model>>, JobsError> {
        Ok(self.provider(organisation, provider)?.models.values().cloned().collect())
    }

    /// One model: what a surface needs to read a table for it ([`Model::info`], its input shape).
    pub fn model(
        &self,
        organisation: &Organisation,
        provider: &ProviderName,
        model: &ModelName,
    ) -> Result<Arc<Model>, JobsError> {
        self.inner.catalogue.model(organisation, provider, model).map(|(_, model)| model)
    }

    /// Removes a published model; `conflict` for a built-in one, and while it has unfinished jobs unless forced: then
    /// queued ones fail with `provider-unavailable` and running ones are cancelled. Goes on to its end also where the
    /// caller goes away meanwhile.
    pub async fn remove_model(&self, key: &ProviderKey, model: &ModelName, force: bool) -> Result<(), JobsError> {
        let (manager, key, model) = (self.clone(), key.clone(), model.clone());
        detached(async move { manager.take_model(&key, &model, force).await }).await
    }

    async fn take_model(&self, key: &ProviderKey, model: &ModelName, force: bool) -> Result<(), JobsError> {
        self.refuse_while_stopping()?;
        let provider = &key.name;
        let _turn = self.inner.changing.turn(key).await;
        let before = self.installed(key)?;
        let Some(found) = before.models.get(model) else { return Err(no_model(key, model)) };
        if found.origin == Origin::BuiltIn {
            return Err(JobsError::conflict(format!(
                "model `{model}` is built in to provider `{provider}` and cannot be removed on its own"
            )));
        }
        let component = found.digest;
        let published = before.published().filter(|other| other.name != *model).cloned().collect();
        let mut record = before.record.as_ref().clone();
        let was_disabled = record.disabled.remove(model);
        let after = self.assembled(Arc::new(record.clone()), published).await?;
        {
            let _gate = self.inner.gate.write().await;
            match self.inner.store.remove_model(key, model, force).await? {
                Removed::Gone | Removed::NotFound => {
                    if was_disabled {
                        self.inner.store.put_provider(record, None).await?;
                    }
                    self.inner.catalogue.put(Arc::new(after));
                }
                Removed::InUse { jobs } => return Err(in_use(format_args!("model `{model}`"), jobs)),
            }
        }
        tracing::info!(provider = %key, %model, force, "model removed");
        let why = format!("model `{model}` of provider `{provider}` was removed");
        let ended = self.end_jobs_of(key, |task| task.model == *model, &why).await;
        if let Some(component) = component {
            self.removed(component);
        }
        self.name_removed(key, Some(model));
        ended
    }
}

fn no_model(key: &ProviderKey, model: &ModelName) -> JobsError {
    JobsError::not_found(format_args!("model `{model}` of provider `{}`", key.name))
}
