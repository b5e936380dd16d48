//! How much the result of a call may carry.

use analyte_core::limits::Limits;

/// How much the result of a call may carry, and which limit says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer {
    /// All of it.
    pub(crate) bytes: u64,
    /// The limit's key.
    pub(crate) limit: &'static str,
}

impl Transfer {
    /// The result of a run.
    pub(crate) fn result(limits: &Limits) -> Self {
        Self { bytes: limits.output_bytes, limit: "output_bytes" }
    }

    /// What a component says of itself.
    pub(crate) fn description(limits: &Limits) -> Self {
        Self { bytes: limits.describe_bytes, limit: "describe_bytes" }
    }
}
