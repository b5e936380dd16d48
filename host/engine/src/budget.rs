//! Memory admission: everything large that the process holds for others is reserved from one budget first.
//!
//! A reservation gives its bytes back when dropped. Those of runs wait their turn, first come first served. Those of
//! surfaces (bodies that arrive or are sent, at the pace of clients) never wait, and together take at most half of the
//! budget: however slow clients are, the other half goes on to run what was asked for.
//!
//! More than may be held at once is cut to that much, so that a large request runs alone rather than never.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Bytes are counted in pages of this size, since a semaphore counts in 32 bits.
const PAGE: u64 = 1 << 16;

/// The budget; clones share it.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    pages: Arc<Semaphore>,
    capacity: u32,
    /// What surfaces hold is counted here, too.
    surfaces: Arc<Semaphore>,
    surface_capacity: u32,
    freed: Arc<Notify>,
}

/// Bytes held until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    permit: Option<OwnedSemaphorePermit>,
    surface: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // The bytes first: whoever is woken finds them free.
        drop((self.permit.take(), self.surface.take()));
        self.freed.notify_one();
    }
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Self {
        let capacity = u32::try_from(bytes / PAGE).unwrap_or(u32::MAX).clamp(2, 1 << 28);
        let surface_capacity = capacity / 2;
        Self {
            pages: Arc::new(Semaphore::new(capacity as usize)),
            capacity,
            surfaces: Arc::new(Semaphore::new(surface_capacity as usize)),
            surface_capacity,
            freed: Arc::default(),
        }
    }

    /// Waits until there is room, for a caller that may hold a reservation of a surface meanwhile: what it waits for is
    /// at most what surfaces leave, so it never waits for itself.
    pub async fn reserve(&self, bytes: u64) -> Reservation {
        self.taken(pages(bytes).min(self.capacity - self.surface_capacity)).await
    }

    /// Waits until there is room, be it the whole budget. The caller must hold nothing of the budget.
    pub async fn reserve_whole(&self, bytes: u64) -> Reservation {
        self.taken(pages(bytes).min(self.capacity)).await
    }

    /// Takes the bytes, be it the whole budget, if there is room now and nobody waits for it.
    pub fn try_reserve_whole(&self, bytes: u64) -> Option<Reservation> {
        let permit = self.pages.clone().try_acquire_many_owned(pages(bytes).min(self.capacity)).ok()?;
        Some(self.reservation(permit, None))
    }

    async fn taken(&self, wanted: u32) -> Reservation {
        loop {
            // The semaphore is never closed; were it, waiting forever would be the safe answer.
            match self.pages.clone().acquire_many_owned(wanted).await {
                Ok(permit) => return self.reservation(permit, None),
                Err(_) => std::future::pending::<()>().await,
            }
        }
    }

    /// Takes the bytes for a surface if there is room now.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        let wanted = pages(bytes).min(self.surface_capacity);
        let surface = self.surfaces.clone().try_acquire_many_owned(wanted).ok()?;
        let permit = self.pages.clone().try_acquire_many_owned(wanted).ok()?;
        Some(self.reservation(permit, Some(surface)))
    }

    fn reservation(&self, permit: OwnedSemaphorePermit, surface: Option<OwnedSemaphorePermit>) -> Reservation {
        Reservation { permit: Some(permit), surface, freed: self.freed.clone() }
    }

    /// Waits until bytes have been given back since this was called last. For one caller at a time.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    /// The whole budget in bytes.
    pub fn capacity(&self) -> u64 {
        u64::from(self.capacity) * PAGE
    }

    /// The most that surfaces together hold, in bytes.
    pub fn surface_capacity(&self) -> u64 {
        u64::from(self.surface_capacity) * PAGE
    }

    /// Bytes reserved now.
    pub fn reserved(&self) -> u64 {
        self.capacity().saturating_sub(self.pages.available_permits() as u64 * PAGE)
    }
}

fn pages(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PAGE)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reservation_waits_for_room_and_gives_it_back() {
        let budget = MemoryBudget::new(10 * PAGE);
        let first = budget.reserve_whole(6 * PAGE).await;
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
    async fn whoever_waits_for_bytes_is_woken_when_some_are_given_back() {
        let budget = MemoryBudget::new(10 * PAGE);
        let all = budget.try_reserve_whole(u64::MAX);
        assert!(all.is_some() && budget.try_reserve_whole(1).is_none());
        drop(all);
        budget.freed().await;
        assert!(budget.try_reserve_whole(u64::MAX).is_some());
    }

    #[tokio::test]
    async fn more_than_everything_is_everything() {
        let budget = MemoryBudget::new(10 * PAGE);
        let all = budget.reserve_whole(u64::MAX).await;
        assert!(budget.try_reserve(1).is_none());
        drop(all);
        assert!(budget.try_reserve(1).is_some());
    }

    #[tokio::test]
    async fn surfaces_hold_half_at_most_and_never_keep_their_own_work_waiting() {
        let budget = MemoryBudget::new(10 * PAGE);
        assert_eq!(budget.surface_capacity(), 5 * PAGE);
        let body = budget.try_reserve(4 * PAGE);
        assert!(body.is_some());
        assert!(budget.try_reserve(2 * PAGE).is_none());
        let last = budget.try_reserve(PAGE);
        assert!(last.is_some());
        // With the bodies held: what is asked for beyond the other half is cut to it.
        let work = budget.reserve(u64::MAX).await;
        assert_eq!(budget.reserved(), 10 * PAGE);
        drop((body, last, work));
        assert_eq!(budget.reserved(), 0);
    }
}
