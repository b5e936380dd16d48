//! Shares: how much of something that everybody uses one organisation may use, or wait for, at the same time.
//!
//! An organisation that has used up its share waits for its own, and does not hold up another meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::names::Organisation;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One share for each organisation.
pub struct Shares {
    most: usize,
    /// `None` stands for what belongs to all.
    by_organisation: Mutex<HashMap<Option<Organisation>, Arc<Semaphore>>>,
}

impl Shares {
    /// Shares of `most` permits each, at least one.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), by_organisation: Mutex::default() }
    }

    /// Waits for a part of an organisation's share; dropping the answer gives it back.
    pub async fn take(&self, organisation: Option<&Organisation>) -> Option<OwnedSemaphorePermit> {
        // Never closed.
        self.share(organisation).acquire_owned().await.ok()
    }

    /// A part of an organisation's share, if one is free now.
    pub(crate) fn take_free(&self, organisation: &Organisation) -> Option<OwnedSemaphorePermit> {
        self.share(Some(organisation)).try_acquire_owned().ok()
    }

    fn share(&self, organisation: Option<&Organisation>) -> Arc<Semaphore> {
        let mut all = self.by_organisation.lock();
        // Nobody holds or awaits those that only the map still knows.
        all.retain(|_, share| Arc::strong_count(share) > 1 || share.available_permits() < self.most);
        all.entry(organisation.cloned()).or_insert_with(|| Arc::new(Semaphore::new(self.most))).clone()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_waits_for_its_own_share_only() {
        let shares = Shares::new(2);
        let (lab, factory) = (Organisation::new("lab").unwrap(), Organisation::new("factory").unwrap());
        let first = shares.take(Some(&lab)).await;
        let second = shares.take(Some(&lab)).await;
        assert!(first.is_some() && second.is_some());
        assert!(shares.take(Some(&lab)).now_or_never().is_none());
        assert!(shares.take(Some(&factory)).now_or_never().is_some());
        assert!(shares.take(None).now_or_never().is_some());
        drop(first);
        assert!(shares.take(Some(&lab)).now_or_never().is_some());
        drop(second);
        assert!(shares.take(None).now_or_never().is_some());
        assert_eq!(shares.by_organisation.lock().len(), 1);
    }
}
