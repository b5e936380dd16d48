//! Memory admission: everything large that the process holds for others is reserved from one budget first.
//!
//! A reservation waits its turn, first come first served, and gives its bytes back when dropped. More than the whole
//! budget is cut to the whole budget, so that a large request runs alone rather than never.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes are counted in pages of this size, since a semaphore counts in 32 bits.
const PAGE: u64 = 1 << 16;

/// The budget; clones share it.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    pages: Arc<Semaphore>,
    capacity: u32,
}

/// Bytes held until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    _permit: OwnedSemaphorePermit,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Self {
        let capacity = u32::try_from(bytes / PAGE).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        Self { pages: Arc::new(Semaphore::new(capacity as usize)), capacity }
    }

    fn pages(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(PAGE)).unwrap_or(u32::MAX).min(self.capacity)
    }

    /// Waits until there is room.
    pub async fn reserve(&self, bytes: u64) -> Reservation {
        let wanted = self.pages(bytes);
        loop {
            // The semaphore is never closed; were it, waiting forever would be the safe answer.
            match self.pages.clone().acquire_many_owned(wanted).await {
                Ok(permit) => return Reservation { _permit: permit },
                Err(_) => std::future::pending::<()>().await,
            }
        }
    }

    /// Takes the bytes if there is room now.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        let permit = self.pages.clone().try_acquire_many_owned(self.pages(bytes)).ok()?;
        Some(Reservation { _permit: permit })
    }

    /// The whole budget in bytes.
    pub fn capacity(&self) -> u64 {
        u64::from(self.capacity) * PAGE
    }

    /// Bytes reserved now.
    pub fn reserved(&self) -> u64 {
        self.capacity().saturating_sub(self.pages.available_permits() as u64 * PAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reservation_waits_for_room_and_gives_it_back() {
        let budget = MemoryBudget::new(10 * PAGE);
        let first = budget.reserve(6 * PAGE).await;
        assert!(budget.try_reserve(5 * PAGE).is_none());
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.reserve(5 * PAGE).await }
        });
        drop(first);
        assert!(waiting.await.is_ok());
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test]
    async fn more_than_everything_is_everything() {
        let budget = MemoryBudget::new(10 * PAGE);
        let all = budget.reserve(u64::MAX).await;
        assert!(budget.try_reserve(1).is_none());
        drop(all);
        assert!(budget.try_reserve(1).is_some());
    }
}
