//! What is installed: providers and their models, ready to be looked up.
//!
//! Lookups take a snapshot and never wait. Changes happen one at a time, behind the gate of [`crate::manager`], after the
//! store has accepted them; a reader that holds a snapshot goes on with what it saw.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::document::written_bytes;
use analyte_core::job::Task;
use analyte_core::model::ModelInfo;
use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
use analyte_core::timestamp::Timestamp;
use analyte_engine::request::Grants;
use analyte_store::{ModelKind, ModelRecord, ProviderRecord};
use parking_lot::RwLock;

use crate::catalogue::kept::Kept;
use crate::catalogue::schemas;
use crate::error::JobsError;

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its provider's component holds it.
    BuiltIn,
    /// It was published on its own.
    Published(ModelKind),
}

/// One model, ready to be used.
#[derive(Debug)]
pub struct Model {
    /// Whose.
    pub provider: ProviderName,
    /// What it computes, under the name that it goes by here.
    pub info: Arc<ModelInfo>,
    /// Whether it takes new jobs.
    pub enabled: bool,
    /// Where it comes from.
    pub origin: Origin,
    /// The component that runs it; `None` for a model file whose provider has no component.
    pub digest: Option<Digest>,
    /// Its model file, if it is made of one.
    pub file: Option<Digest>,
    /// Media type and length of what was published, for a published model.
    pub published: Option<Arc<ModelRecord>>,
    /// Names of the capabilities that it asked for and that are granted.
    pub grants: Vec<String>,
    /// Where the schema of its parameters is found, once it is compiled.
    pub(crate) schema: schemas::Key,
}

/// Whether a provider can work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderState {
    /// It can.
    Ready,
    /// Its component is being made ready; jobs wait.
    Loading,
    /// It cannot be loaded, and this is why; jobs fail with `provider-unavailable`.
    Unavailable(String),
}

/// One installed provider.
#[derive(Debug)]
pub struct Provider {
    /// As it is stored: name, digest, what it says of itself, times.
    pub record: Arc<ProviderRecord>,
    /// All models, by name.
    pub models: BTreeMap<ModelName, Arc<Model>>,
    /// What the operator grants it.
    pub grants: Arc<Grants>,
}

impl Model {
    /// Refuses what is new for a model that is switched off.
    pub(crate) fn refuse_disabled(&self) -> Result<(), JobsError> {
        if self.enabled {
            return Ok(());
        }
        let message = format!("model `{}` of provider `{}` is switched off", self.info.name, self.provider);
        Err(JobsError::conflict(message))
    }
}

impl Provider {
    /// What it takes with its published models.
    pub(crate) fn kept(&self) -> Kept {
        self.published().map(|model| Kept::of_model(model)).fold(Kept::of_provider(&self.record), Kept::plus)
    }

    /// Which one it is.
    pub fn key(&self) -> ProviderKey {
        self.record.key()
    }

    /// Whether this organisation may use it.
    pub fn visible_to(&self, organisation: &Organisation) -> bool {
        self.record.organisation.as_ref().is_none_or(|owner| owner == organisation)
    }

    /// Every component that runs one of its models, and its own.
    pub(crate) fn components(&self) -> impl Iterator<Item = Digest> + '_ {
        self.record.digest.into_iter().chain(self.models.values().filter_map(|model| model.digest))
    }

    /// The published models.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Arc<ModelRecord>> {
        self.models.values().filter_map(|model| model.published.as_ref())
    }

    /// Puts a provider together from what is stored.
    ///
    /// Fails where a published model clashes with a built-in one.
    pub(crate) fn assemble(
        record: Arc<ProviderRecord>,
        published: Vec<Arc<ModelRecord>>,
        grants: Arc<Grants>,
    ) -> Result<Self, JobsError> {
        let owner = record.organisation.as_ref();
        let mut models = BTreeMap::new();
        for info in &record.models {
            let asked = record.info.capabilities.iter().map(|capability| capability.name.as_str());
            let model = Model {
                provider: record.name.clone(),
                info: info.clone(),
                enabled: !record.disabled.contains(&info.name),
                origin: Origin::BuiltIn,
                digest: record.digest,
                file: None,
                published: None,
                grants: granted(asked, &grants),
                schema: schemas::Key::of(owner, info),
            };
            models.insert(info.name.clone(), Arc::new(model));
        }
        for model_record in published {
            if models.contains_key(&model_record.name) {
                return Err(JobsError::conflict(format!(
                    "provider `{}` has a built-in model `{}`, and a published model has the same name",
                    record.name, model_record.name
                )));
            }
            let mut info = model_record.info.clone();
            if info.name != model_record.name {
                // As records of earlier versions have it.
                Arc::make_mut(&mut info).name = model_record.name.clone();
            }
            let (digest, file, asked) = match model_record.kind {
                ModelKind::Component => (Some(model_record.digest), None, &info.capabilities),
                ModelKind::File => (record.digest, Some(model_record.digest), &record.info.capabilities),
            };
            let grants = granted(asked.iter().map(|capability| capability.name.as_str()), &grants);
            let model = Model {
                schema: schemas::Key::of(owner, &info),
                provider: record.name.clone(),
                enabled: !record.disabled.contains(&model_record.name),
                info,
                origin: Origin::Published(model_record.kind),
                digest,
                file,
                published: Some(model_record.clone()),
                grants,
            };
            models.insert(model_record.name.clone(), Arc::new(model));
        }
        Ok(Self { record, models, grants })
    }

    /// A provider without component and models, to publish models under.
    pub(crate) fn empty(key: ProviderKey, now: Timestamp) -> ProviderRecord {
        ProviderRecord {
            name: key.name,
            organisation: key.organisation,
            digest: None,
            bytes: 0,
            compiled_bytes: 0,
            described_bytes: 0,
            info: analyte_core::model::ProviderInfo::default(),
            models: Vec::new(),
            disabled: BTreeSet::new(),
            keep_jobs_hours: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// The capabilities that were both asked for and granted.
fn granted<'a>(asked: impl Iterator<Item = &'a str>, grants: &Grants) -> Vec<String> {
    let names = grants.names();
    let mut both: Vec<String> =
        asked.filter(|name| names.iter().any(|granted| granted == name)).map(str::to_owned).collect();
    both.sort_unstable();
    both.dedup();
    both
}

/// Only those grants whose names are given.
pub(crate) fn restrict(grants: &Grants, names: &[String]) -> Grants {
    let keep = |kind: &str, map: &BTreeMap<String, String>| {
        map.iter()
            .filter(|(name, _)| names.iter().any(|kept| kept.strip_prefix(kind) == Some(name.as_str())))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    Grants { settings: keep("settings:", &grants.settings), secrets: keep("secrets:", &grants.secrets) }
}

type Providers = BTreeMap<ProviderKey, Arc<Provider>>;

/// A model as a task has pinned it: its provider, its component, its file, its name.
type Pinned = (ProviderKey, Digest, Option<Digest>, ModelName);

/// All that is installed.
#[derive(Default)]
pub(crate) struct Catalogue {
    providers: RwLock<Arc<Providers>>,
    /// Models that were replaced while jobs may still pin them, by the organisation that their provider belongs to. Only a
    /// short cut: what is not here is asked of its component again.
    replaced: RwLock<HashMap<Option<Organisation>, Replaced>>,
}

/// What one organisation replaced.
#[derive(Default)]
struct Replaced {
    models: HashMap<Pinned, Arc<ModelInfo>>,
    /// About how many bytes they take.
    bytes: u64,
}

impl Replaced {
    /// Makes room for more bytes: where there is none, all is forgotten.
    fn make_room(&mut self, bytes: u64) {
        if self.bytes.saturating_add(bytes) > MOST_REPLACED {
            *self = Self::default();
        }
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Bytes of replaced models that are remembered for each organisation.
const MOST_REPLACED: u64 = 16 << 20;

impl Catalogue {
    /// All providers as they are now.
    pub(crate) fn snapshot(&self) -> Arc<Providers> {
        self.providers.read().clone()
    }

    /// This provider, whether or not the caller may see it; `None` where it is not installed.
    pub(crate) fn get(&self, key: &ProviderKey) -> Option<Arc<Provider>> {
        self.providers.read().get(key).cloned()
    }

    /// What this organisation calls by this name: its own provider, else the one of all. There are never both.
    pub(crate) fn named(&self, organisation: &Organisation, name: &ProviderName) -> Option<Arc<Provider>> {
        let providers = self.providers.read();
        let own = providers.get(&ProviderKey::of(organisation.clone(), name.clone()));
        own.or_else(|| providers.get(&ProviderKey::shared(name.clone()))).cloned()
    }

    /// The provider for which a new one cannot have this key, because the same name would then stand for two in some
    /// organisation.
    pub(crate) fn clashing(&self, key: &ProviderKey) -> Option<ProviderKey> {
        let providers = self.providers.read();
        let clashes = |other: &&ProviderKey| other.name == key.name && other.organisation.is_some();
        match key.organisation {
            Some(_) => providers.get_key_value(&ProviderKey::shared(key.name.clone())).map(|(other, _)| other.clone()),
            None => providers.keys().find(clashes).cloned(),
        }
    }

    /// Whether an installed provider or model runs on this component.
    pub(crate) fn uses(&self, component: &Digest) -> bool {
        self.snapshot().values().any(|provider| provider.components().any(|digest| digest == *component))
    }

    /// How many providers belong to an organisation, or to all.
    pub(crate) fn count(&self, owner: Option<&Organisation>) -> usize {
        self.providers.read().keys().filter(|key| key.organisation.as_ref() == owner).count()
    }

    /// The provider of this name, if this organisation may see it.
    pub(crate) fn provider(
        &self,
        organisation: &Organisation,
        name: &ProviderName,
    ) -> Result<Arc<Provider>, JobsError> {
        self.named(organisation, name).ok_or_else(|| JobsError::not_found(format_args!("provider `{name}`")))
    }

    /// The model of this name, if this organisation may see its provider.
    pub(crate) fn model(
        &self,
        organisation: &Organisation,
        provider: &ProviderName,
        model: &ModelName,
    ) -> Result<(Arc<Provider>, Arc<Model>), JobsError> {
        let found = self.provider(organisation, provider)?;
        let Some(model) = found.models.get(model).cloned() else {
            return Err(JobsError::not_found(format_args!("model `{model}` of provider `{provider}`")));
        };
        Ok((found, model))
    }

    /// What the model computes that this task has pinned, as far as it is remembered.
    pub(crate) fn pinned(&self, organisation: &Organisation, task: &Task) -> Option<Arc<ModelInfo>> {
        let current =
            self.named(organisation, &task.provider).and_then(|provider| provider.models.get(&task.model).cloned());
        if let Some(model) = current
            && model.digest == Some(task.digest)
            && model.file == task.model_file
        {
            return Some(model.info.clone());
        }
        let replaced = self.replaced.read();
        let keys =
            [ProviderKey::of(organisation.clone(), task.provider.clone()), ProviderKey::shared(task.provider.clone())];
        let pin = |key| (key, task.digest, task.model_file, task.model.clone());
        keys.into_iter().find_map(|key| replaced.get(&key.organisation)?.models.get(&pin(key)).cloned())
    }

    /// Puts a provider in its place; what it replaces is remembered for the jobs that pin it.
    pub(crate) fn put(&self, provider: Arc<Provider>) {
        let mut providers = self.providers.write();
        if let Some(old) = Arc::make_mut(&mut providers).insert(provider.record.key(), provider) {
            self.remember(&old);
        }
    }

    /// Takes a provider out.
    pub(crate) fn remove(&self, key: &ProviderKey) -> Option<Arc<Provider>> {
        let mut providers = self.providers.write();
        Arc::make_mut(&mut providers).remove(key)
    }

    fn remember(&self, old: &Provider) {
        let mut all = self.replaced.write();
        let replaced = all.entry(old.record.organisation.clone()).or_default();
        replaced.make_room(old.kept().described);
        for model in old.models.values() {
            if let Some(digest) = model.digest {
                replaced.models.insert((old.key(), digest, model.file, model.info.name.clone()), model.info.clone());
            }
        }
    }

    /// Remembers what a component said of a model of this provider that this task has pinned.
    pub(crate) fn remember_pinned(&self, provider: ProviderKey, task: &Task, info: Arc<ModelInfo>) {
        let bytes = written_bytes(&info, u64::MAX).ok().flatten().unwrap_or(MOST_REPLACED);
        let mut all = self.replaced.write();
        let replaced = all.entry(provider.organisation.clone()).or_default();
        replaced.make_room(bytes);
        replaced.models.insert((provider, task.digest, task.model_file, task.model.clone()), info);
    }

    /// Forgets what was replaced; tasks that still pin it ask its component again.
    pub(crate) fn forget_replaced(&self) {
        self.replaced.write().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_counts_only_where_it_was_asked_for() {
        let grants = Grants {
            settings: [("region".to_owned(), "eu".to_owned()), ("unasked".to_owned(), "x".to_owned())].into(),
            secrets: [("key".to_owned(), "s".to_owned()), ("region".to_owned(), "t".to_owned())].into(),
        };
        let asked = ["settings:region", "secrets:key", "http:example.org", "settings:region"];
        let names = granted(asked.into_iter(), &grants);
        assert_eq!(names, ["secrets:key", "settings:region"]);
        let kept = restrict(&grants, &names);
        assert_eq!(kept.settings, [("region".to_owned(), "eu".to_owned())].into());
        assert_eq!(kept.secrets, [("key".to_owned(), "s".to_owned())].into());
    }
}
