//! Keeps the records of organisations.

use std::sync::Arc;

use crate::sled::format::{envelope, keys};
use crate::sled::state::State;
use crate::{OrganisationRecord, Result};

/// Says whether there was one.
pub(crate) fn put_organisation(state: &mut State, record: OrganisationRecord) -> Result<bool> {
    state.records.put(keys::organisation(&record.name), &envelope::json(&record)?)?;
    state.registry_changed = true;
    Ok(state.registry.organisations.insert(record.name.clone(), Arc::new(record)).is_some())
}
