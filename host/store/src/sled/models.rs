//! Published models.

use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::{ModelName, ProviderKey};

use super::keys::{self, Owner};
use super::providers::{Prepared, drop_record, keep_component, put_record};
use super::work::{Work, named};
use crate::{ModelRecord, Removed, Result};

/// Says whether there was one.
pub(super) fn put_model(work: &mut Work, new: &Prepared<ModelRecord>) -> Result<bool> {
    let record = &new.record;
    let (provider, name) = (record.provider_key(), &record.name);
    let owner = Owner::Model(&provider, name);
    keep_component(work, &Content { digest: record.digest, bytes: record.bytes }, new.bytes.as_ref(), &owner)?;
    let old = work.catalogue.models.insert((named(&provider), name.clone()), Arc::clone(record));
    work.catalogue_changed = true;
    if let Some(old) = old.as_ref().map(|old| old.digest).filter(|old| *old != record.digest) {
        work.drop_component(old, &owner)?;
    }
    put_record(work, keys::model(&provider, name), &new.json, &Owner::ModelRecord(&provider, name))?;
    Ok(old.is_some())
}

/// Removes a published model.
pub(super) fn remove_model(work: &mut Work, provider: &ProviderKey, name: &ModelName, force: bool) -> Result<Removed> {
    if !work.catalogue.models.contains_key(&(named(provider), name.clone())) {
        return Ok(Removed::NotFound);
    }
    if !force {
        let jobs = work.users.count_of_model(provider, name);
        if jobs > 0 {
            return Ok(Removed::InUse { jobs });
        }
    }
    drop_model(work, provider, name)?;
    Ok(Removed::Gone)
}

/// Removes it whoever uses it; what unfinished jobs pin stays with them.
pub(super) fn drop_model(work: &mut Work, provider: &ProviderKey, name: &ModelName) -> Result<()> {
    let Some(record) = work.catalogue.models.remove(&(named(provider), name.clone())) else { return Ok(()) };
    work.catalogue_changed = true;
    work.drop_component(record.digest, &Owner::Model(provider, name))?;
    drop_record(work, &keys::model(provider, name), &Owner::ModelRecord(provider, name))
}
