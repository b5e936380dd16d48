//! Places in the pool of instances, given out before an instance is made.
//!
//! The pool has room for a number of memories, and for twice as many tables. An instance that finds none left could only fail.
//! So each takes as many places as its component needs, first come first served, and one that finds too few waits until
//! others end. What keeps instances only in case they are needed again learns that [some are wanted](PoolPlaces::wanted).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::Refused;

/// How often one that waits says so.
const AGAIN: Duration = Duration::from_millis(20);

/// All places of a pool. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct PoolPlaces {
    free: Arc<Semaphore>,
    all: u32,
    wanted: Arc<Notify>,
}

/// The places of one instance, until this is dropped.
#[derive(Debug)]
pub(crate) struct PoolPlace {
    _permit: OwnedSemaphorePermit,
}

impl PoolPlaces {
    /// As many as the pool has memories.
    pub(crate) fn new(memories: u32) -> Self {
        let free = Arc::new(Semaphore::new(usize::try_from(memories).unwrap_or(Semaphore::MAX_PERMITS)));
        Self { free, all: memories, wanted: Arc::default() }
    }

    /// Waits for this number of places; one that wants more than there are gets all.
    pub(crate) async fn take(&self, places: u32) -> Result<PoolPlace, Refused> {
        let places = places.min(self.all);
        if let Ok(permit) = self.free.clone().try_acquire_many_owned(places) {
            return Ok(PoolPlace { _permit: permit });
        }
        let mut waiting = pin!(self.free.clone().acquire_many_owned(places));
        loop {
            self.wanted.notify_one();
            match timeout(AGAIN, waiting.as_mut()).await {
                Ok(Ok(permit)) => return Ok(PoolPlace { _permit: permit }),
                Ok(Err(closed)) => {
                    return Err(Refused::host("the pool of instances is closed").because(closed.to_string()));
                }
                Err(_) => {}
            }
        }
    }

    /// Waits until an instance waits for places. For one caller at a time.
    pub(crate) async fn wanted(&self) {
        self.wanted.notified().await;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_that_finds_too_few_places_says_so_and_waits() {
        let places = PoolPlaces::new(3);
        let (one, two) = (places.take(1).await.unwrap(), places.take(2).await.unwrap());
        assert!(places.wanted().now_or_never().is_none());
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.take(2).await }
        });
        places.wanted().await;
        drop(one);
        // It says so again, since one place is not enough.
        places.wanted().await;
        drop(two);
        drop(waiting.await.unwrap().unwrap());
        // More than there are would never be free.
        drop(places.take(4).await.unwrap());
    }
}
