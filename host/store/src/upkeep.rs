//! Upkeep: what the server does with the store itself.

use async_trait::async_trait;

use crate::error::Result;
use crate::jobs::Age;

/// What the server does with the store itself: watch it, remove what is old, close it.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// Removes up to `most` jobs that are old, with their bytes; says how many.
    async fn retire(&self, age: Age, most: usize) -> Result<usize>;

    /// Whether the store works, and what it noticed: for readiness and metrics.
    async fn health(&self) -> Result<Health>;

    /// Ends all work and closes the files. Later calls fail with [`StoreError::Closed`].
    async fn close(&self) -> Result<()>;
}

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
