//! How many long looks go on at once: so many of each kind, half of them at most for one organisation, each for so long.
//!
//! Whoever finds no lane within a while is told that the store is busy.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use analyte_core::names::Organisation;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Result, StoreError};

/// How long to wait for a lane.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page of a list.
    List,
    /// A page of what a filter selects.
    Query,
    /// A list in an order of its own, for which all of it is looked at.
    Sort,
}

/// A lane that is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    pub(super) organisation: &'a Organisation,
}

/// A lane that was got; free again when dropped.
#[derive(Debug)]
pub(super) struct Lane {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// All lanes.
#[derive(Debug)]
pub(super) struct Lanes {
    lists: Lot,
    queries: Lot,
    sorts: Lot,
    /// How long to wait for one.
    patience: Duration,
}

/// Those of one kind.
#[derive(Debug)]
struct Lot {
    all: Arc<Semaphore>,
    each: usize,
    /// Of organisations that look or wait.
    own: Mutex<HashMap<Organisation, Weak<Semaphore>>>,
}

impl Lot {
    fn new(lanes: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(lanes)), each: lanes / 2, own: Mutex::default() }
    }

    fn of(&self, organisation: &Organisation) -> Arc<Semaphore> {
        let mut own = self.own.lock();
        if let Some(lanes) = own.get(organisation).and_then(Weak::upgrade) {
            return lanes;
        }
        own.retain(|_, lanes| lanes.strong_count() > 0);
        let lanes = Arc::new(Semaphore::new(self.each));
        own.insert(organisation.clone(), Arc::downgrade(&lanes));
        lanes
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lists: Lot::new(8), queries: Lot::new(8), sorts: Lot::new(4), patience: PATIENCE }
    }
}

impl Lanes {
    /// Whether all lanes of a kind are free.
    #[cfg(test)]
    pub(super) fn all_free(&self, kind: Kind, lanes: usize) -> bool {
        self.lot(kind).all.available_permits() == lanes
    }

    fn lot(&self, kind: Kind) -> &Lot {
        match kind {
            Kind::List => &self.lists,
            Kind::Query => &self.queries,
            Kind::Sort => &self.sorts,
        }
    }
}

impl Wanted<'_> {
    /// How long such a look may take.
    pub(super) fn time(&self) -> Duration {
        match self.kind {
            Kind::List | Kind::Query => Duration::from_secs(1),
            Kind::Sort => Duration::from_secs(3),
        }
    }

    /// Waits for it.
    pub(super) async fn take(self, lanes: &Lanes) -> Result<Lane> {
        let lot = lanes.lot(self.kind);
        let own = lot.of(self.organisation);
        let both = async {
            // Its own first: those who wait for that hold up nobody else.
            let own = own.acquire_owned().await.map_err(|_| StoreError::Closed)?;
            let all = Arc::clone(&lot.all).acquire_owned().await.map_err(|_| StoreError::Closed)?;
            Ok(Lane { _own: own, _all: all })
        };
        tokio::time::timeout(lanes.patience, both).await.unwrap_or(Err(StoreError::Busy))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn one_organisation_takes_half_of_the_lanes_and_who_waits_too_long_is_told() {
        let lanes = Lanes { patience: Duration::from_millis(20), ..Lanes::default() };
        let (one, other) = (Organisation::default_one(), Organisation::new("other").unwrap());
        let want = |organisation| Wanted { kind: Kind::Sort, organisation };
        let held = (want(&one).take(&lanes).await, want(&one).take(&lanes).await);
        assert!(held.0.is_ok() && held.1.is_ok());
        assert!(matches!(want(&one).take(&lanes).await, Err(StoreError::Busy)));
        assert!(want(&other).take(&lanes).await.is_ok());
        assert!(Wanted { kind: Kind::List, organisation: &one }.take(&lanes).await.is_ok());
        drop(held);
        assert!(want(&one).take(&lanes).await.is_ok());
    }
}
