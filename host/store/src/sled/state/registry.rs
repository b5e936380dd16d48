//! Providers, models, organisations and tokens, kept in memory whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};

use crate::{ModelRecord, OrganisationRecord, ProviderRecord, TokenRecord};

/// A provider, sorting by its name before anything else.
pub(crate) type Named = (ProviderName, Option<Organisation>);

pub(crate) fn named(provider: &ProviderKey) -> Named {
    (provider.name.clone(), provider.organisation.clone())
}

/// The records, few and read all the time. Readers have a copy as of the last batch.
#[derive(Debug, Default, Clone)]
pub(crate) struct Registry {
    pub(crate) providers: BTreeMap<Named, Arc<ProviderRecord>>,
    pub(crate) models: BTreeMap<(Named, ModelName), Arc<ModelRecord>>,
    pub(crate) organisations: BTreeMap<Organisation, Arc<OrganisationRecord>>,
    pub(crate) tokens: BTreeMap<String, Arc<TokenRecord>>,
}
