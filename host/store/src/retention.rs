//! Which jobs are old.

use std::collections::BTreeMap;

use analyte_core::names::{Organisation, ProviderKey};
use analyte_core::timestamp::Timestamp;

/// Which ended jobs are old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    /// Of organisations that are not named.
    pub usual: Before,
    /// Of these.
    pub organisations: BTreeMap<Organisation, Before>,
    /// Of jobs whose first task is on one of these providers; the later of both times counts, so that a provider can
    /// shorten what is kept and never prolong it.
    pub providers: BTreeMap<ProviderKey, Timestamp>,
}

/// Jobs that ended before these times are old, by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Completed ones.
    pub completed: Timestamp,
    /// Failed ones.
    pub failed: Timestamp,
    /// Cancelled ones.
    pub cancelled: Timestamp,
}
