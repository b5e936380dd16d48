//! Which jobs are old.

use std::collections::BTreeMap;

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;

/// Which ended jobs are old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    /// Of organisations that are not named.
    pub usual: Before,
    /// Of these.
    pub organisations: BTreeMap<Organisation, Before>,
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
