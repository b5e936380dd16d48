//! What a manager knows about splitting runs.

use analyte_core::limits::Limits;

use super::unsuited::Unsuited;

/// What is known about splitting.
pub(crate) struct Splitting {
    /// Most parts of one run.
    pub(super) cores: usize,
    pub(super) unsuited: Unsuited,
}

impl Splitting {
    pub(crate) fn new(limits: &Limits) -> Self {
        let cores = match usize::try_from(limits.split_parts).unwrap_or(usize::MAX) {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some,
        };
        Self { cores, unsuited: Unsuited::default() }
    }
}
