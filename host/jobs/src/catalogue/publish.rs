//! Publishing models.
//!
//! A model component is compiled and described like a provider. A model file is looked at by its provider
//! (`inspect-model`), which says what it computes; it is read from the store as the provider asks for it. Either way nothing
//! changes before all checks have passed.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::document::written_bytes;
use analyte_core::model::{Cardinality, ModelInfo};
use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
use analyte_core::shape::{Field, Shape};
use analyte_engine::component::inspect::{Kind, inspect};
use analyte_engine::machine::budget::Reservation;
use analyte_engine::request::ModelFile;
use analyte_store::{FileRecord, ModelKind, ModelRecord, NewContent, Staged};
use bytes::Bytes;

use crate::catalogue::installed::{Model, Origin, Provider};
use crate::catalogue::kept::Kept;
use crate::catalogue::model_file::ModelFileInStore;
use crate::catalogue::providers::DESCRIPTION_BYTES;
use crate::error::JobsError;
use crate::manager::Manager;

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
    /// An uploaded file of the publisher's organisation, of which a copy is published.
    File(Arc<FileRecord>),
}

impl From<Bytes> for ModelContent {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl ModelContent {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Staged(staged) => staged.content.bytes,
            Self::File(record) => record.content.bytes,
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        match self {
            Self::Bytes(bytes) => Digest::of(bytes),
            Self::Staged(staged) => staged.content.digest,
            Self::File(record) => record.content.digest,
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
        let _turn = self.inner.changing.turn(&publish.key).await;
        let before = self.inner.catalogue.get(&publish.key);
        match &before {
            Some(before) => refuse_built_in(before, &publish.model)?,
            None => self.refuse_new(&publish.key)?,
        }
        let old = before.iter().flat_map(|before| before.published()).find(|old| old.name == publish.model);
        let old = old.map_or_else(Kept::default, |old| Kept::of_model(old));
        self.refuse_kept(&publish.key, old, Kept { published: size, described: 0 }).await?;
        let looking = match kind {
            ModelKind::Component => None,
            ModelKind::File => Some(looks_at_files(before.as_deref(), &publish.key)?),
        };
        let share = self.inner.preparing.take(publish.key.organisation.as_ref()).await;
        let content = self.new_content(&publish.content).await?;
        let (info, component) = match looking {
            None => {
                let (bytes, _room) = self.whole(publish.key.organisation.as_ref(), &content).await?;
                if self.inspected(publish.key.organisation.as_ref(), &bytes).await? == Kind::Provider {
                    return Err(provider_component(&publish.key.name));
                }
                // An operator who publishes it again wants it to run again.
                self.inner.engine.readmit(&publish.content.digest());
                let (component, description) =
                    self.inner.engine.install_for(publish.key.organisation.as_ref(), bytes).await?;
                let Some(info) = description.models.into_iter().next() else {
                    return Err(JobsError::new(Code::InvalidComponent, "the component describes no model"));
                };
                (info, Some(component))
            }
            Some(component) => (self.inspect_file(component, &publish, &content).await?, None),
        };
        drop(share);
        let info = overridden(info, &publish.overrides)?;
        self.keep_model(before, publish, content, kind, info, component).await
    }

    /// Whether there is a component that could look at a model file: worth asking before one is sent.
    pub fn takes_model_files(&self, key: &ProviderKey) -> Result<(), JobsError> {
        looks_at_files(self.inner.catalogue.get(key).as_deref(), key).map(|_| ())
    }

    /// What is to be kept. An uploaded file is copied here, when its turn has come, so that a crowd of publications does not
    /// fill the disk.
    pub(crate) async fn new_content(&self, given: &ModelContent) -> Result<NewContent, JobsError> {
        Ok(match given {
            ModelContent::Bytes(bytes) => NewContent::Bytes(bytes.clone()),
            ModelContent::Staged(staged) => NewContent::Staged(staged.clone()),
            ModelContent::File(record) => NewContent::Staged(self.staged_copy(record).await?),
        })
    }

    /// All bytes of a component in memory, where they have to be to be compiled, and the room that they take.
    pub(crate) async fn whole(
        &self,
        of: Option<&Organisation>,
        content: &NewContent,
    ) -> Result<(Bytes, Option<Reservation>), JobsError> {
        let staged = match content {
            NewContent::Bytes(bytes) => return Ok((bytes.clone(), None)),
            NewContent::Staged(staged) => staged,
        };
        let size = staged.content.bytes;
        let room = self.reserve_memory_of(of, size)?;
        let mut all = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        let mut at = 0;
        while at < size {
            let piece = self.inner.store.staged_range(staged, at..at.saturating_add(PIECE).min(size)).await?;
            at += (piece.len() as u64).max(1);
            all.extend_from_slice(&piece);
        }
        Ok((all.into(), Some(room)))
    }

    /// Which world a component of this organisation is of.
    pub(crate) async fn inspected(&self, of: Option<&Organisation>, component: &Bytes) -> Result<Kind, JobsError> {
        let bytes = component.clone();
        Ok(self.off_thread(of, bytes.len(), move || inspect(&bytes)).await?.kind)
    }

    async fn inspect_file(
        &self,
        component: Digest,
        publish: &PublishModel,
        content: &NewContent,
    ) -> Result<ModelInfo, JobsError> {
        let component = self.component(component).await.map_err(JobsError::refused)?;
        let file = match content {
            NewContent::Bytes(bytes) => {
                ModelFile::in_memory(publish.model.to_string(), publish.media_type.clone(), bytes.clone())
            }
            NewContent::Staged(staged) => ModelFile {
                name: publish.model.to_string(),
                media_type: publish.media_type.clone(),
                digest: staged.content.digest.to_string(),
                size: staged.content.bytes,
                source: Arc::new(ModelFileInStore::staged(self.inner.store.clone(), staged.clone())),
            },
        };
        Ok(component.inspect_model(publish.key.organisation.as_ref(), file).await?)
    }

    async fn keep_model(
        &self,
        before: Option<Arc<Provider>>,
        publish: PublishModel,
        content: NewContent,
        kind: ModelKind,
        info: ModelInfo,
        component: Option<analyte_engine::Component>,
    ) -> Result<Published, JobsError> {
        let now = self.now();
        let (digest, bytes) = (publish.content.digest(), publish.content.size());
        let PublishModel { key, model: name, media_type, source, custom_data, .. } = publish;
        let record = match &before {
            Some(provider) => provider.record.clone(),
            None => Arc::new(Provider::empty(key.clone(), now)),
        };
        let old = before.as_ref().and_then(|provider| provider.published().find(|old| old.name == name).cloned());
        let given = source.iter().chain(&custom_data).map(|text| text.len() as u64).sum::<u64>();
        let most = self.inner.limits.described_bytes;
        let described_bytes = match written_bytes(&info, most.saturating_sub(given)) {
            Ok(Some(bytes)) => bytes + given,
            Ok(None) => {
                return Err(JobsError::invalid(format!(
                    "what is said of the model takes more than {most} bytes as JSON (limit described_bytes)"
                )));
            }
            Err(error) => return Err(JobsError::invalid("what is said of the model cannot be written").because(error)),
        };
        let model_record = ModelRecord {
            organisation: key.organisation.clone(),
            provider: key.name.clone(),
            name: name.clone(),
            kind,
            digest,
            bytes,
            compiled_bytes: component.as_ref().map_or(0, analyte_engine::Component::code_bytes),
            described_bytes,
            media_type,
            info: Arc::new(ModelInfo { name: name.clone(), ..info }),
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
        let provider = self.assembled(record.clone(), published).await?;
        let Some(model) = provider.models.get(&name).cloned() else {
            return Err(JobsError::new(Code::HostError, "the model was not taken up"));
        };
        // Everybody's submissions wait for the gate, so what takes long comes before it.
        let content = match content {
            NewContent::Bytes(bytes) => self.written_ahead(bytes).await?,
            staged @ NewContent::Staged(_) => staged,
        };
        let _gate = self.inner.gate.write().await;
        let kept = old.as_ref().map_or_else(Kept::default, |old| Kept::of_model(old));
        self.refuse_kept(&key, kept, Kept::of_model(&model_record)).await?;
        if before.is_none() {
            // Another caller may have taken the name meanwhile.
            self.refuse_new(&key)?;
            self.inner.store.put_provider(record.as_ref().clone(), None).await?;
            let empty = Provider::assemble(record, Vec::new(), self.grants(&key))?;
            self.inner.catalogue.put(Arc::new(empty));
        }
        let replaced = self.inner.store.put_model(model_record, Some(content)).await?;
        if let Some(component) = component {
            self.inner.engine.keep_code(component.digest());
            self.inner.components.put(component);
        }
        self.inner.catalogue.put(Arc::new(provider));
        if let Some(old) = old.filter(|old| old.kind == ModelKind::Component && old.digest != digest) {
            self.replaced(&key, Some(&name), old.digest);
        }
        tracing::info!(provider = %key, model = %name, %digest, replaced, "model published");
        Ok(Published { model, replaced })
    }
}

/// The component that looks at the model files of this provider.
fn looks_at_files(provider: Option<&Provider>, key: &ProviderKey) -> Result<Digest, JobsError> {
    match provider.map(|provider| provider.record.digest) {
        Some(Some(component)) => Ok(component),
        None => Err(JobsError::not_found(format_args!("provider `{}`", key.name))),
        Some(None) => Err(JobsError::conflict(format!(
            "provider `{}` has no component of its own that could look at a model file",
            key.name
        ))),
    }
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
        && own
            .fields
            .iter()
            .all(|field| given.field(&field.name).is_some_and(|(_, said)| said.base_type == field.base_type));
    if same {
        return Ok(());
    }
    Err(JobsError::invalid(format!(
        "the {what} shape given does not fit the model: given [{}], the model has [{}]",
        listed(given),
        listed(own)
    )))
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
