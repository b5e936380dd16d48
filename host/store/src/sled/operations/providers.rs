//! Installs and removes providers.

use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::ProviderKey;

use crate::sled::format::keys;
use crate::sled::format::references::Owner;
use crate::sled::operations::models;
use crate::sled::state::State;
use crate::sled::state::registry::named;
use crate::sled::write::catalogue_record::{Prepared, drop_record, keep_component, put_record};
use crate::{ProviderRecord, Removed, Result};

/// Says whether there was one.
pub(crate) fn put_provider(state: &mut State, new: &Prepared<ProviderRecord>) -> Result<bool> {
    let record = &new.record;
    let provider = record.key();
    let owner = Owner::Component(&provider);
    if let Some(digest) = record.digest {
        keep_component(state, &Content { digest, bytes: record.bytes }, new.bytes.as_ref(), &owner)?;
    }
    let old = state.registry.providers.insert(named(&provider), Arc::clone(record));
    state.registry_changed = true;
    if let Some(old) = old.as_ref().and_then(|old| old.digest).filter(|old| Some(*old) != record.digest) {
        state.drop_component(old, &owner)?;
    }
    put_record(state, keys::provider(&provider), &new.json, &Owner::ProviderRecord(&provider))?;
    Ok(old.is_some())
}

/// Removes a provider with its published models.
pub(crate) fn remove_provider(state: &mut State, provider: &ProviderKey, force: bool) -> Result<Removed> {
    let name = named(provider);
    let Some(record) = state.registry.providers.get(&name).cloned() else { return Ok(Removed::NotFound) };
    let jobs = state.jobs_by_provider.count(provider);
    if jobs > 0 && !force {
        return Ok(Removed::InUse { jobs });
    }
    let published = state.registry.models.keys().filter(|(of, _)| *of == name).map(|(_, model)| model.clone());
    for model in published.collect::<Vec<_>>() {
        models::drop_model(state, provider, &model)?;
    }
    if let Some(digest) = record.digest {
        state.drop_component(digest, &Owner::Component(provider))?;
    }
    drop_record(state, &keys::provider(provider), &Owner::ProviderRecord(provider))?;
    state.registry.providers.remove(&name);
    state.registry_changed = true;
    Ok(Removed::Gone)
}
