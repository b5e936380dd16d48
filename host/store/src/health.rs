//! How the store does.

/// State of the store itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Records that could not be read and were put aside.
    pub quarantined: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Free bytes on that disk.
    pub free_bytes: u64,
    /// Whether new jobs are refused for want of space.
    pub disk_full: bool,
    /// Why nothing can be written now: what the last attempt to do so met.
    pub failing: Option<String>,
}
