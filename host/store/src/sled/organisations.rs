//! Organisations that have a record.

use std::sync::Arc;

use super::work::Work;
use super::{envelope, keys};
use crate::{OrganisationRecord, Result};

/// Says whether there was one.
pub(super) fn put_organisation(work: &mut Work, record: OrganisationRecord) -> Result<bool> {
    work.records.put(keys::organisation(&record.name), &envelope::json(&record)?)?;
    work.catalogue_changed = true;
    Ok(work.catalogue.organisations.insert(record.name.clone(), Arc::new(record)).is_some())
}
