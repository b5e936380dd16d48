//! Bounds how many long looks go on at once: a number of each kind, at most half of it for one organisation, each for a
//! bounded time.
//!
//! A look that is not admitted within a while is answered that the store is busy.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use analyte_core::names::Organisation;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Result, StoreError};

/// How long to wait to be admitted.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadKind {
    /// A page of a list.
    List,
    /// A page of what a filter selects.
    Query,
    /// A list in an order of its own, for which all of it is looked at.
    Sort,
}

/// A look that wants to be admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadRequest<'a> {
    pub(crate) kind: ReadKind,
    pub(crate) organisation: &'a Organisation,
}

/// A look that was admitted; its place is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct ReadPermit {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// The places of all kinds.
#[derive(Debug)]
pub(crate) struct ReadAdmission {
    lists: Permits,
    queries: Permits,
    sorts: Permits,
    /// How long a look waits.
    patience: Duration,
}

/// The places of one kind.
#[derive(Debug)]
struct Permits {
    all: Arc<Semaphore>,
    each: usize,
    /// Of organisations that look or wait.
    own: Mutex<HashMap<Organisation, Weak<Semaphore>>>,
}

impl Permits {
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

impl Default for ReadAdmission {
    fn default() -> Self {
        Self { lists: Permits::new(8), queries: Permits::new(8), sorts: Permits::new(4), patience: PATIENCE }
    }
}

impl ReadAdmission {
    /// Whether all places of a kind are free.
    #[cfg(test)]
    pub(crate) fn all_free(&self, kind: ReadKind, lanes: usize) -> bool {
        self.lot(kind).all.available_permits() == lanes
    }

    fn lot(&self, kind: ReadKind) -> &Permits {
        match kind {
            ReadKind::List => &self.lists,
            ReadKind::Query => &self.queries,
            ReadKind::Sort => &self.sorts,
        }
    }
}

impl ReadRequest<'_> {
    /// How long such a look may take.
    pub(crate) fn time(&self) -> Duration {
        match self.kind {
            ReadKind::List | ReadKind::Query => Duration::from_secs(1),
            ReadKind::Sort => Duration::from_secs(3),
        }
    }

    /// Waits for it.
    pub(crate) async fn take(self, lanes: &ReadAdmission) -> Result<ReadPermit> {
        let lot = lanes.lot(self.kind);
        let own = lot.of(self.organisation);
        let both = async {
            // Its organisation's first: looks that wait for that hold up no other organisation.
            let own = own.acquire_owned().await.map_err(|_| StoreError::Closed)?;
            let all = Arc::clone(&lot.all).acquire_owned().await.map_err(|_| StoreError::Closed)?;
            Ok(ReadPermit { _own: own, _all: all })
        };
        tokio::time::timeout(lanes.patience, both).await.unwrap_or(Err(StoreError::Busy))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn one_organisation_takes_half_of_the_places_and_one_that_waits_too_long_is_busy() {
        let lanes = ReadAdmission { patience: Duration::from_millis(20), ..ReadAdmission::default() };
        let (one, other) = (Organisation::default_one(), Organisation::new("other").unwrap());
        let want = |organisation| ReadRequest { kind: ReadKind::Sort, organisation };
        let held = (want(&one).take(&lanes).await, want(&one).take(&lanes).await);
        assert!(held.0.is_ok() && held.1.is_ok());
        assert!(matches!(want(&one).take(&lanes).await, Err(StoreError::Busy)));
        assert!(want(&other).take(&lanes).await.is_ok());
        assert!(ReadRequest { kind: ReadKind::List, organisation: &one }.take(&lanes).await.is_ok());
        drop(held);
        assert!(want(&one).take(&lanes).await.is_ok());
    }
}
