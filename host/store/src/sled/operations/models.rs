//! Publishes and removes models.

use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::{ModelName, ProviderKey};

use crate::sled::format::keys;
use crate::sled::format::references::Owner;
use crate::sled::state::State;
use crate::sled::state::registry::named;
use crate::sled::write::catalogue_record::{Prepared, drop_record, keep_component, put_record};
use crate::{ModelRecord, Removed, Result};

/// Says whether there was one.
pub(crate) fn put_model(state: &mut State, new: &Prepared<ModelRecord>) -> Result<bool> {
    let record = &new.record;
    let (provider, name) = (record.provider_key(), &record.name);
    let owner = Owner::Model(&provider, name);
    keep_component(state, &Content { digest: record.digest, bytes: record.bytes }, new.bytes.as_ref(), &owner)?;
    let old = state.registry.models.insert((named(&provider), name.clone()), Arc::clone(record));
    state.registry_changed = true;
    if let Some(old) = old.as_ref().map(|old| old.digest).filter(|old| *old != record.digest) {
        state.drop_component(old, &owner)?;
    }
    put_record(state, keys::model(&provider, name), &new.json, &Owner::ModelRecord(&provider, name))?;
    Ok(old.is_some())
}

/// Removes a published model.
pub(crate) fn remove_model(
    state: &mut State,
    provider: &ProviderKey,
    name: &ModelName,
    force: bool,
) -> Result<Removed> {
    if !state.registry.models.contains_key(&(named(provider), name.clone())) {
        return Ok(Removed::NotFound);
    }
    if !force {
        let jobs = state.jobs_by_provider.count_of_model(provider, name);
        if jobs > 0 {
            return Ok(Removed::InUse { jobs });
        }
    }
    drop_model(state, provider, name)?;
    Ok(Removed::Gone)
}

/// Removes it also where jobs use it; what unfinished jobs pin stays with them.
pub(crate) fn drop_model(state: &mut State, provider: &ProviderKey, name: &ModelName) -> Result<()> {
    let Some(record) = state.registry.models.remove(&(named(provider), name.clone())) else { return Ok(()) };
    state.registry_changed = true;
    state.drop_component(record.digest, &Owner::Model(provider, name))?;
    drop_record(state, &keys::model(provider, name), &Owner::ModelRecord(provider, name))
}
