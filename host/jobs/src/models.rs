//! Models: publish, list, show, remove.
//!
//! A model component is compiled and described like a provider. A model file is looked at by its provider
//! (`inspect-model`), which says what it computes. Either way nothing changes before all checks have passed.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::model::ModelInfo;
use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_engine::inspect::{Kind, inspect};
use analyte_engine::run::request::ModelFile;
use analyte_store::{ModelKind, ModelRecord, NewContent, Removed};
use bytes::Bytes;

use crate::catalogue::{Model, Origin, Provider};
use crate::error::JobsError;
use crate::execute::refused;
use crate::manager::Manager;
use crate::providers::{in_use, refuse_foreign};
use crate::to_the_end::to_the_end;

/// The media type of a component.
const WASM: &str = "application/wasm";

/// A model to be published.
#[derive(Debug, Clone)]
pub struct PublishModel {
    /// Under which provider; a model component makes an empty one if there is none.
    pub provider: ProviderName,
    /// What it shall go by.
    pub model: ModelName,
    /// Whose the provider shall be if it is made; `None`: all organisations may use it.
    pub organisation: Option<Organisation>,
    /// `application/wasm`: a model component; any other: a model file.
    pub media_type: String,
    /// The component or the file.
    pub bytes: Bytes,
}

/// What became of a publication.
#[derive(Debug, Clone)]
pub struct Published {
    /// As it is now.
    pub model: Arc<Model>,
    /// Whether there was a published model of this name before.
    pub replaced: bool,
}

impl Manager {
    /// Publishes a model, or replaces the published one of its name; a clash with a built-in model is a `conflict`.
    pub async fn publish_model(&self, publish: PublishModel) -> Result<Published, JobsError> {
        self.refuse_while_stopping()?;
        let kind = match publish.media_type.split(';').next().map(str::trim) {
            Some(essence) if essence.eq_ignore_ascii_case(WASM) => ModelKind::Component,
            _ => ModelKind::File,
        };
        let size = publish.bytes.len() as u64;
        let limits = &self.inner.limits;
        match kind {
            ModelKind::Component => {
                self.refuse_large("component", size, "component_bytes", limits.component_bytes)?;
                if inspect(&publish.bytes)?.kind == Kind::Provider {
                    return Err(provider_component(&publish.provider));
                }
            }
            ModelKind::File => self.refuse_large("model file", size, "model_file_bytes", limits.model_file_bytes)?,
        }
        let _turn = self.inner.changing.turn(&publish.provider).await;
        let before = self.inner.catalogue.get(&publish.provider);
        if let Some(before) = &before {
            refuse_foreign(before, publish.organisation.as_ref())?;
            if before.models.get(&publish.model).is_some_and(|model| model.origin == Origin::BuiltIn) {
                return Err(JobsError::conflict(format!(
                    "provider `{}` has a built-in model `{}`; publish under another name",
                    publish.provider, publish.model
                )));
            }
        }
        let digest = Digest::of(&publish.bytes);
        let (info, component) = match kind {
            ModelKind::Component => {
                let (component, description) = self.inner.engine.install(publish.bytes.clone()).await?;
                let Some(info) = description.models.into_iter().next() else {
                    return Err(JobsError::new(Code::InvalidComponent, "the component describes no model"));
                };
                (info, Some(component))
            }
            ModelKind::File => (self.inspect_file(before.as_deref(), &publish, digest).await?, None),
        };
        self.keep_model(before, publish, kind, digest, info, component).await
    }

    async fn inspect_file(
        &self,
        provider: Option<&Provider>,
        publish: &PublishModel,
        digest: Digest,
    ) -> Result<ModelInfo, JobsError> {
        let Some(provider) = provider else {
            return Err(JobsError::not_found(format_args!("provider `{}`", publish.provider)));
        };
        let Some(component) = provider.record.digest else {
            return Err(JobsError::conflict(format!(
                "provider `{}` has no component of its own that could look at a model file",
                publish.provider
            )));
        };
        let component = self.component(component).await.map_err(refused)?;
        let file = ModelFile {
            name: publish.model.to_string(),
            media_type: publish.media_type.clone(),
            digest: digest.to_string(),
            bytes: publish.bytes.clone(),
        };
        Ok(component.inspect_model(file).await?)
    }

    async fn keep_model(
        &self,
        before: Option<Arc<Provider>>,
        publish: PublishModel,
        kind: ModelKind,
        digest: Digest,
        info: ModelInfo,
        component: Option<analyte_engine::Component>,
    ) -> Result<Published, JobsError> {
        let now = self.now();
        let name = publish.provider;
        let record = match &before {
            Some(provider) => provider.record.clone(),
            None => Arc::new(Provider::empty(name.clone(), publish.organisation, now)),
        };
        let old =
            before.as_ref().and_then(|provider| provider.published().find(|old| old.name == publish.model).cloned());
        let model_record = ModelRecord {
            provider: name.clone(),
            name: publish.model.clone(),
            kind,
            digest,
            bytes: publish.bytes.len() as u64,
            media_type: publish.media_type,
            info,
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        let mut published: Vec<_> = before.iter().flat_map(|provider| provider.published().cloned()).collect();
        published.retain(|other| other.name != publish.model);
        published.push(Arc::new(model_record.clone()));
        let provider = Provider::assemble(record.clone(), published, self.grants(&name), &self.inner.limits)?;
        let Some(model) = provider.models.get(&publish.model).cloned() else {
            return Err(JobsError::new(Code::HostError, "the model was not taken up"));
        };
        let _gate = self.inner.gate.write().await;
        if before.is_none() {
            self.inner.store.put_provider(record.as_ref().clone(), None).await?;
            let empty = Provider::assemble(record, Vec::new(), self.grants(&name), &self.inner.limits)?;
            self.inner.catalogue.put(Arc::new(empty));
        }
        let replaced = self.inner.store.put_model(model_record, NewContent::Bytes(publish.bytes)).await?;
        if let Some(component) = component {
            self.inner.components.put(component);
        }
        self.inner.catalogue.put(Arc::new(provider));
        tracing::info!(provider = %name, model = %publish.model, %digest, replaced, "model published");
        Ok(Published { model, replaced })
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
    pub async fn remove_model(
        &self,
        organisation: &Organisation,
        provider: &ProviderName,
        model: &ModelName,
        force: bool,
    ) -> Result<(), JobsError> {
        let (manager, organisation) = (self.clone(), organisation.clone());
        let (provider, model) = (provider.clone(), model.clone());
        to_the_end(async move { manager.take_model(&organisation, &provider, &model, force).await }).await
    }

    async fn take_model(
        &self,
        organisation: &Organisation,
        provider: &ProviderName,
        model: &ModelName,
        force: bool,
    ) -> Result<(), JobsError> {
        self.refuse_while_stopping()?;
        let _turn = self.inner.changing.turn(provider).await;
        let (before, found) = self.inner.catalogue.model(organisation, provider, model)?;
        if found.origin == Origin::BuiltIn {
            return Err(JobsError::conflict(format!(
                "model `{model}` is built in to provider `{provider}` and cannot be removed on its own"
            )));
        }
        let published = before.published().filter(|other| other.name != *model).cloned().collect();
        let after = Provider::assemble(before.record.clone(), published, self.grants(provider), &self.inner.limits)?;
        {
            let _gate = self.inner.gate.write().await;
            match self.inner.store.remove_model(provider, model, force).await? {
                Removed::Gone | Removed::NotFound => self.inner.catalogue.put(Arc::new(after)),
                Removed::InUse { jobs } => return Err(in_use(format_args!("model `{model}`"), jobs)),
            }
        }
        tracing::info!(%provider, %model, force, "model removed");
        let why = format!("model `{model}` of provider `{provider}` was removed");
        self.end_jobs_of(provider, |task| task.model == *model, &why).await
    }
}

fn provider_component(name: &ProviderName) -> JobsError {
    JobsError::new(
        Code::InvalidComponent,
        format!(
            "this component is a provider (world provider-plugin), not a single model: install it with \
             `PUT /v1/providers/{name}`, or `analyte provider install`"
        ),
    )
}
