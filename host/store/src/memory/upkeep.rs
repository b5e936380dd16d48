//! Retention, health and closing.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use crate::memory::MemoryStore;
use crate::{Age, Health, Result, Upkeep};

#[async_trait]
impl Upkeep for MemoryStore {
    async fn retire(&self, age: Age, most: usize) -> Result<usize> {
        let mut data = self.lock()?;
        let old = data.jobs.iter().filter(|(_, entry)| age.is_old(&entry.job)).map(|(place, _)| place.clone());
        let old: Vec<_> = old.take(most).collect();
        for place in &old {
            data.purge(place);
        }
        Ok(old.len())
    }

    /// It works, and has no disk of which to tell.
    async fn health(&self) -> Result<Health> {
        drop(self.lock()?);
        Ok(Health { free_bytes: u64::MAX, ..Health::default() })
    }

    async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::SeqCst);
        Ok(())
    }
}
