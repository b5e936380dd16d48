//! From the id or the name of an engine to the model that it is.
//!
//! Ids are not stored: they are made of the names of all models that an organisation may use, once for each call, until all
//! that were asked for are found.

use std::collections::HashMap;

use analyte_core::names::{ModelName, Organisation, ProviderName};
use analyte_jobs::Manager;
use uuid::Uuid;

use super::names;

/// What engines are called, and which models they are.
#[derive(Debug, Default)]
pub(crate) struct Engines {
    by_id: HashMap<Uuid, (ProviderName, ModelName)>,
}

impl Engines {
    /// Finds these engines, as far as they are named by ids.
    pub(crate) fn find<'a>(
        manager: &Manager,
        organisation: &Organisation,
        asked: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut missing: std::collections::HashSet<Uuid> =
            asked.filter_map(|text| Uuid::try_parse(text).ok()).collect();
        let mut by_id = HashMap::with_capacity(missing.len());
        if missing.is_empty() {
            return Self::default();
        }
        for provider in manager.providers(organisation) {
            for model in provider.models.keys() {
                let id = names::engine(&provider.record.name, model);
                if missing.remove(&id) {
                    by_id.insert(id, (provider.record.name.clone(), model.clone()));
                }
                if missing.is_empty() {
                    return Self { by_id };
                }
            }
        }
        Self { by_id }
    }

    /// The model that an engine is; `None` where there is none. A model may also be named `provider/model`.
    pub(crate) fn model(&self, text: &str) -> Option<(ProviderName, ModelName)> {
        if let Ok(id) = Uuid::try_parse(text) {
            return self.by_id.get(&id).cloned();
        }
        let (provider, model) = text.split_once('/')?;
        Some((ProviderName::new(provider).ok()?, ModelName::new(model).ok()?))
    }
}

/// The model that one engine is.
pub(crate) fn one(manager: &Manager, organisation: &Organisation, text: &str) -> Option<(ProviderName, ModelName)> {
    Engines::find(manager, organisation, std::iter::once(text)).model(text)
}
