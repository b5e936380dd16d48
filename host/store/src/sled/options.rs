//! How a store is opened.

use std::path::PathBuf;

use crate::Metrics;
#[cfg(test)]
use crate::sled::disk::faults::Faults;

/// How to open a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The data directory; made if there is none.
    pub path: PathBuf,
    /// Free bytes below which nothing new is accepted.
    pub free_disk_bytes: u64,
    /// Contents up to this size are kept in the tree, larger ones as files.
    pub inline_bytes: usize,
    /// Memory that sled may use to keep pages at hand.
    pub cache_bytes: u64,
    /// Counts what the store does.
    pub metrics: Metrics,
    /// Space taken up so that there is some to be freed when the disk is full.
    pub ballast_bytes: u64,
    #[cfg(test)]
    pub(crate) faults: Faults,
}

impl Options {
    /// With the defaults of the list of limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            free_disk_bytes: analyte_core::limits::Limits::default().free_disk_bytes,
            inline_bytes: 48 << 10,
            cache_bytes: 128 << 20,
            metrics: Metrics::default(),
            ballast_bytes: 16 << 20,
            #[cfg(test)]
            faults: Faults::default(),
        }
    }
}
