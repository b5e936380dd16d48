//! From the id or the name of an engine to the model that it is.
//!
//! Ids are not stored: they are made of the names of all models that an organisation may use, once for each call, until all
//! that were asked for are found.

use std::collections::{HashMap, HashSet};

use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_jobs::Manager;
use uuid::Uuid;

use super::names;
use crate::aiware::error::Refusal;
use crate::native::table::compute_sized;
use crate::shared::Shared;

/// What it takes to make the id of one model, in bytes of a table that could be read meanwhile.
const MODEL_BYTES: usize = 64;

/// What engines are called, and which models they are.
#[derive(Debug, Default)]
pub(crate) struct Engines {
    by_id: HashMap<Uuid, (ProviderName, ModelName)>,
    /// By the name of the model alone; `None`: several providers have a model of this name.
    by_name: HashMap<String, Option<(ProviderName, ModelName)>>,
}

/// Whether a text is the name of a model alone.
fn is_name(text: &str) -> bool {
    !text.contains('/') && Uuid::try_parse(text).is_err()
}

impl Engines {
    /// Finds these engines, as far as they are named by ids or by the name of a model alone.
    fn find<'a>(manager: &Manager, organisation: &Organisation, asked: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut missing: HashSet<Uuid> = asked.clone().filter_map(|text| Uuid::try_parse(text).ok()).collect();
        let names: HashSet<&str> = asked.filter(|text| is_name(text)).collect();
        let mut by_id = HashMap::with_capacity(missing.len());
        let mut by_name = HashMap::with_capacity(names.len());
        if missing.is_empty() && names.is_empty() {
            return Self::default();
        }
        for provider in manager.providers(organisation) {
            for model in provider.models.keys() {
                let id = names::engine(&provider.record.name, model);
                let found = || (provider.record.name.clone(), model.clone());
                if missing.remove(&id) {
                    by_id.insert(id, found());
                }
                if names.contains(model.as_str()) {
                    by_name.entry(model.to_string()).and_modify(|known| *known = None).or_insert_with(|| Some(found()));
                }
                if missing.is_empty() && names.is_empty() {
                    return Self { by_id, by_name };
                }
            }
        }
        Self { by_id, by_name }
    }

    /// The model that an engine is; `None` where there is none. A model may also be named `provider/model`, or by its own name
    /// where no other provider has one of the same name.
    pub(crate) fn model(&self, text: &str) -> Option<(ProviderName, ModelName)> {
        if let Ok(id) = Uuid::try_parse(text) {
            return self.by_id.get(&id).cloned();
        }
        if is_name(text) {
            return self.by_name.get(text)?.clone();
        }
        let (provider, model) = text.split_once('/')?;
        Some((ProviderName::new(provider).ok()?, ModelName::new(model).ok()?))
    }
}

/// Finds these engines: at once where there are few models, else on a thread where no other call waits.
pub(crate) async fn find(shared: &Shared, organisation: &Organisation, asked: Vec<String>) -> Result<Engines, Refusal> {
    let models = || shared.manager.providers(organisation).iter().map(|provider| provider.models.len()).sum::<usize>();
    let looked_for = asked.iter().any(|text| !text.contains('/'));
    let work = if looked_for { models().saturating_mul(MODEL_BYTES) } else { 0 };
    let (manager, of) = (shared.manager.clone(), organisation.clone());
    let find = move || Engines::find(&manager, &of, asked.iter().map(String::as_str));
    Ok(compute_sized(shared, organisation, work, find).await?)
}

/// The model that one engine is; `None`: there is no such engine.
pub(crate) async fn one(
    shared: &Shared,
    organisation: &Organisation,
    text: &str,
) -> Result<Option<(ProviderName, ModelName)>, Refusal> {
    Ok(find(shared, organisation, vec![text.to_owned()]).await?.model(text))
}
