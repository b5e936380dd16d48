//! Retention, health and closing. Health tries the disk out where it failed before.

use std::sync::Arc;

use async_trait::async_trait;

use crate::sled::calls::retire;
use crate::sled::committer::shared::Figures;
use crate::sled::disk::errors::{in_one_line, io_error};
use crate::sled::store::{SledStore, shut};
use crate::{Age, Health, Result, StoreError, Upkeep};

#[async_trait]
impl Upkeep for SledStore {
    async fn retire(&self, age: Age, most: usize) -> Result<usize> {
        self.make_ballast().await?;
        retire::retire(self, &age, most).await
    }

    async fn health(&self) -> Result<Health> {
        // Tries the disk where it failed before.
        let failing = match self.committer.commit(|_| Ok(())).await {
            Ok(()) => None,
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(error) => Some(in_one_line(&error)),
        };
        self.make_ballast().await?;
        let (free_bytes, failing) = match self.disk.free_bytes() {
            Ok(free_bytes) => (free_bytes, failing),
            Err(error) => (0, failing.or_else(|| Some(in_one_line(&error)))),
        };
        let Figures { quarantined, blob_bytes } = *self.reader.shared.figures.read();
        let tree = std::fs::metadata(self.disk.directory().join("store").join("db"));
        let disk_bytes = tree.map_or(0, |file| file.len()) + blob_bytes;
        Ok(Health { quarantined, disk_bytes, free_bytes, disk_full: free_bytes < self.disk.floor_bytes, failing })
    }

    async fn close(&self) -> Result<()> {
        let (committer, open) = (self.committer.clone(), Arc::clone(&self.open));
        tokio::task::spawn_blocking(move || shut(&committer, &open))
            .await
            .map_err(|error| io_error("could not wait for the store's thread".to_owned(), error.into()))
    }
}

impl SledStore {
    /// Makes the ballast where it is missing and there is room.
    async fn make_ballast(&self) -> Result<()> {
        let ballast = Arc::clone(&self.ballast);
        let made = tokio::task::spawn_blocking(move || ballast.make()).await;
        made.map_err(|error| io_error("could not make the ballast".to_owned(), error.into()))
    }
}
