//! Models: publish, list, show, remove.
//!
//! A model component is compiled and described like a provider. A model file is looked at by its provider
//! (`inspect-model`), which says what it computes. Either way nothing changes before all checks have passed.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::model::{Cardinality, ModelInfo};
use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
use analyte_core::shape::{Field, Shape};
use analyte_engine::inspect::{Kind, inspect};
use analyte_engine::run::request::{ModelFile, ModelSource};
use analyte_store::{ModelKind, ModelRecord, NewContent, Removed, Staged, Store};
use async_trait::async_trait;
use bytes::Bytes;

use crate::catalogue::{Model, Origin, Provider};
use crate::error::JobsError;
use crate::execute::refused;
use crate::manager::Manager;
use crate::providers::{DESCRIPTION_BYTES, in_use};
use crate::to_the_end::to_the_end;

/// The media type of a component.
const WASM: &str = "application/wasm";

/// Longest custom data of a model in bytes.
const CUSTOM_DATA_BYTES: usize = 32 * 1024;
/// Longest address that a model is said to come from, in bytes.
const SOURCE_BYTES: usize = 1_024;
/// Bytes of a component are read back in pieces of this size.
const PIECE: u64 = 4 * 1024 * 1024;

/// The bytes of a model.
#[derive(Debug, Clone)]
pub enum ModelContent {
    /// In memory.
    Bytes(Bytes),
    /// Written before through [`Manager::content_writer`].
    Staged(Staged),
}

impl ModelContent {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Staged(staged) => staged.content.bytes,
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Bytes(bytes) => Digest::of(bytes),
            Self::Staged(staged) => staged.content.digest,
        }
    }

    fn kept(self) -> NewContent {
        match self {
            Self::Bytes(bytes) => NewContent::Bytes(bytes),
            Self::Staged(staged) => NewContent::Staged(staged),
        }
    }
}

/// What a publisher says of a model beside what its component or provider says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelOverrides {
    /// For people.
    pub description: Option<String>,
    /// Rows in, rows out.
    pub cardinality: Option<Cardinality>,
    /// The input's fields; names and base types must be those that the model has.
    pub input: Option<Shape>,
    /// The result's fields, likewise.
    pub output: Option<Shape>,
}

/// A model to be published.
#[derive(Debug, Clone)]
pub struct PublishModel {
    /// Under which provider; a model component makes an empty one if there is none.
    pub key: ProviderKey,
    /// What it shall go by.
    pub model: ModelName,
    /// `application/wasm`: a model component; any other: a model file.
    pub media_type: String,
    /// The component or the file.
    pub content: ModelContent,
    /// What the publisher knows better.
    pub overrides: ModelOverrides,
    /// Where the file was taken from, as its publisher named it.
    pub source: Option<String>,
    /// The publisher's own data, as JSON text.
    pub custom_data: Option<String>,
}

impl PublishModel {
    /// A publication of nothing but bytes.
    pub fn new(key: ProviderKey, model: ModelName, media_type: String, content: ModelContent) -> Self {
        let overrides = ModelOverrides::default();
        Self { key, model, media_type, content, overrides, source: None, custom_data: None }
    }
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
    /// Publishes a model, or replaces the published one of its name; a clash with a built-in model is a `conflict`. Where
    /// a provider refuses a file, `invalid-input` gives its reason.
    pub async fn publish_model(&self, publish: PublishModel) -> Result<Published, JobsError> {
        self.refuse_while_stopping()?;
        let limits = &self.inner.limits;
        let size = publish.content.size();
        let kind = match publish.media_type.split(';').next().map(str::trim) {
            Some(essence) if essence.eq_ignore_ascii_case(WASM) => ModelKind::Component,
            _ => ModelKind::File,
        };
        match kind {
            ModelKind::Component => self.refuse_large("component", size, "component_bytes", limits.component_bytes)?,
            ModelKind::File => self.refuse_large("model file", size, "model_file_bytes", limits.model_file_bytes)?,
        }
        check_texts(&publish)?;
        let _turn = self.inner.changing.turn(&publish.key.name).await;
        let before = self.inner.catalogue.get(&publish.key);
        match &before {
            Some(before) => refuse_built_in(before, &publish.model)?,
            None => self.refuse_taken(&publish.key)?,
        }
        let (info, component) = match kind {
            ModelKind::Component => {
                let bytes = self.whole(&publish.content).await?;
                if inspect(&bytes)?.kind == Kind::Provider {
                    return Err(provider_component(&publish.key.name));
                }
                let (component, description) = self.inner.engine.install(bytes).await?;
                let Some(info) = description.models.into_iter().next() else {
                    return Err(JobsError::new(Code::InvalidComponent, "the component describes no model"));
                };
                (info, Some(component))
            }
            ModelKind::File => (self.inspect_file(before.as_deref(), &publish).await?, None),
        };
        let info = overridden(info, &publish.overrides)?;
        self.keep_model(before, publish, kind, info, component).await
    }

    /// All bytes of a component in memory, where they have to be to be compiled.
    async fn whole(&self, content: &ModelContent) -> Result<Bytes, JobsError> {
        let staged = match content {
            ModelContent::Bytes(bytes) => return Ok(bytes.clone()),
            ModelContent::Staged(staged) => staged,
        };
        let size = staged.content.bytes;
        let _room = self.reserve_memory(size)?;
        let mut all = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        let mut at = 0;
        while at < size {
            let piece = self.inner.store.staged_range(staged, at..at.saturating_add(PIECE).min(size)).await?;
            at += (piece.len() as u64).max(1);
            all.extend_from_slice(&piece);
        }
        Ok(all.into())
    }

    async fn inspect_file(&self, provider: Option<&Provider>, publish: &PublishModel) -> Result<ModelInfo, JobsError> {
        let Some(provider) = provider else {
            return Err(JobsError::not_found(format_args!("provider `{}`", publish.key.name)));
        };
        let Some(component) = provider.record.digest else {
            return Err(JobsError::conflict(format!(
                "provider `{}` has no component of its own that could look at a model file",
                publish.key.name
            )));
        };
        let component = self.component(component).await.map_err(refused)?;
        let file = match &publish.content {
            ModelContent::Bytes(bytes) => {
                ModelFile::in_memory(publish.model.to_string(), publish.media_type.clone(), bytes.clone())
            }
            ModelContent::Staged(staged) => ModelFile {
                name: publish.model.to_string(),
                media_type: publish.media_type.clone(),
                digest: staged.content.digest.to_string(),
                size: staged.content.bytes,
                source: Arc::new(StagedFile { store: self.inner.store.clone(), staged: staged.clone() }),
            },
        };
        Ok(component.inspect_model(file).await?)
    }

    async fn keep_model(
        &self,
        before: Option<Arc<Provider>>,
        publish: PublishModel,
        kind: ModelKind,
        info: ModelInfo,
        component: Option<analyte_engine::Component>,
    ) -> Result<Published, JobsError> {
        let now = self.now();
        let PublishModel { key, model: name, media_type, content, source, custom_data, .. } = publish;
        let record = match &before {
            Some(provider) => provider.record.clone(),
            None => Arc::new(Provider::empty(key.clone(), now)),
        };
        let old = before.as_ref().and_then(|provider| provider.published().find(|old| old.name == name).cloned());
        let digest = content.digest();
        let model_record = ModelRecord {
            organisation: key.organisation.clone(),
            provider: key.name.clone(),
            name: name.clone(),
            kind,
            digest,
            bytes: content.size(),
            media_type,
            info,
            source,
            custom_data,
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        let mut published: Vec<_> = before.iter().flat_map(|provider| provider.published().cloned()).collect();
        published.retain(|other| other.name != name);
        let most = self.inner.limits.models;
        if published.len() as u64 >= most {
            return Err(JobsError::conflict(format!(
                "provider `{}` has {} published models, and {most} are allowed (limit models)",
                key.name,
                published.len()
            )));
        }
        published.push(Arc::new(model_record.clone()));
        let provider = Provider::assemble(record.clone(), published, self.grants(&key), &self.inner.limits)?;
        let Some(model) = provider.models.get(&name).cloned() else {
            return Err(JobsError::new(Code::HostError, "the model was not taken up"));
        };
        let _gate = self.inner.gate.write().await;
        if before.is_none() {
            self.inner.store.put_provider(record.as_ref().clone(), None).await?;
            let empty = Provider::assemble(record, Vec::new(), self.grants(&key), &self.inner.limits)?;
            self.inner.catalogue.put(Arc::new(empty));
        }
        let replaced = self.inner.store.put_model(model_record, Some(content.kept())).await?;
        if let Some(component) = component {
            self.inner.components.put(component);
        }
        self.inner.catalogue.put(Arc::new(provider));
        tracing::info!(provider = %key, model = %name, %digest, replaced, "model published");
        Ok(Published { model, replaced })
    }

    /// Switches a model on or off. One that is off takes no new jobs; jobs that are queued go on.
    pub async fn set_model_enabled(
        &self,
        key: &ProviderKey,
        model: &ModelName,
        enabled: bool,
    ) -> Result<Arc<Model>, JobsError> {
        self.refuse_while_stopping()?;
        let _turn = self.inner.changing.turn(&key.name).await;
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
        let after =
            Provider::assemble(Arc::new(record.clone()), published, self.grants(key), &self.inner.limits)?;
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
        to_the_end(async move { manager.take_model(&key, &model, force).await }).await
    }

    async fn take_model(&self, key: &ProviderKey, model: &ModelName, force: bool) -> Result<(), JobsError> {
        self.refuse_while_stopping()?;
        let provider = &key.name;
        let _turn = self.inner.changing.turn(provider).await;
        let before = self.installed(key)?;
        let Some(found) = before.models.get(model) else { return Err(no_model(key, model)) };
        if found.origin == Origin::BuiltIn {
            return Err(JobsError::conflict(format!(
                "model `{model}` is built in to provider `{provider}` and cannot be removed on its own"
            )));
        }
        let published = before.published().filter(|other| other.name != *model).cloned().collect();
        let mut record = before.record.as_ref().clone();
        let was_disabled = record.disabled.remove(model);
        let after = Provider::assemble(Arc::new(record.clone()), published, self.grants(key), &self.inner.limits)?;
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
        self.end_jobs_of(key, |task| task.model == *model, &why).await
    }
}

fn no_model(key: &ProviderKey, model: &ModelName) -> JobsError {
    JobsError::not_found(format_args!("model `{model}` of provider `{}`", key.name))
}

fn refuse_built_in(provider: &Provider, model: &ModelName) -> Result<(), JobsError> {
    if provider.models.get(model).is_none_or(|model| model.origin != Origin::BuiltIn) {
        return Ok(());
    }
    Err(JobsError::conflict(format!(
        "provider `{}` has a built-in model `{model}`; publish under another name",
        provider.record.name
    )))
}

fn check_texts(publish: &PublishModel) -> Result<(), JobsError> {
    let texts = [
        ("description", publish.overrides.description.as_ref(), DESCRIPTION_BYTES),
        ("custom data", publish.custom_data.as_ref(), CUSTOM_DATA_BYTES),
        ("address", publish.source.as_ref(), SOURCE_BYTES),
    ];
    for (what, text, most) in texts {
        if text.is_some_and(|text| text.len() > most) {
            return Err(JobsError::invalid(format!("the {what} of a model takes at most {most} bytes")));
        }
    }
    Ok(())
}

/// What the model's maker says of it, with what its publisher knows better.
fn overridden(mut info: ModelInfo, overrides: &ModelOverrides) -> Result<ModelInfo, JobsError> {
    if let Some(description) = &overrides.description {
        info.description.clone_from(description);
    }
    if let Some(cardinality) = overrides.cardinality {
        info.cardinality = cardinality;
    }
    for (what, given, own) in
        [("input", &overrides.input, &mut info.input), ("result", &overrides.output, &mut info.output)]
    {
        if let Some(given) = given {
            refuse_other_fields(what, given, own)?;
            // Kinds and order are the model's: only what people read is taken over.
            let fields = own.fields.iter().map(|field| match given.field(&field.name) {
                Some((_, said)) if !said.description.is_empty() => {
                    Field { description: said.description.clone(), ..field.clone() }
                }
                _ => field.clone(),
            });
            own.fields = fields.collect();
        }
    }
    Ok(info)
}

fn refuse_other_fields(what: &str, given: &Shape, own: &Shape) -> Result<(), JobsError> {
    let listed = |shape: &Shape| {
        let fields: Vec<String> =
            shape.fields.iter().take(20).map(|field| format!("{} {}", field.name, field.base_type)).collect();
        let more = if shape.fields.len() > fields.len() { ", …" } else { "" };
        format!("{}{more}", fields.join(", "))
    };
    let same = given.fields.len() == own.fields.len()
        && own.fields.iter().all(|field| given.field(&field.name).is_some_and(|(_, said)| said.base_type == field.base_type));
    if same {
        return Ok(());
    }
    Err(JobsError::invalid(format!(
        "the {what} shape given does not fit the model: given [{}], the model has [{}]",
        listed(given),
        listed(own)
    )))
}

/// A model file that is not published yet.
struct StagedFile {
    store: Arc<dyn Store>,
    staged: Staged,
}

#[async_trait]
impl ModelSource for StagedFile {
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String> {
        let range = offset..offset.saturating_add(length as u64);
        self.store.staged_range(&self.staged, range).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "an uploaded model file cannot be read");
            "the model file cannot be read from the server's store".to_owned()
        })
    }
}

impl std::fmt::Debug for StagedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StagedFile({})", self.staged.content.digest)
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
