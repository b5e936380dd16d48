//! Places for runs: how many may be in progress at the same time.
//!
//! Whoever waits for one stands in one line, first come first served. The further parts of a run whose rows are
//! [split](crate::split) hold places only on loan: whoever has to wait calls one back, and the part that had it goes on
//! without. So what only makes one run faster never keeps another one waiting for its place.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use analyte_core::names::Organisation;
use futures::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::unconstrained;

use crate::shares::Shares;

/// All places.
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    count: usize,
    ledger: Arc<Mutex<Ledger>>,
}

/// Further parts in progress.
#[derive(Default)]
struct Ledger {
    next: u64,
    /// What each has on loan; `None` once it was called back.
    parts: BTreeMap<u64, Option<Lent>>,
}

/// Given back when dropped.
struct Lent {
    _slot: OwnedSemaphorePermit,
    /// For a part of a run that is not stored: of its organisation's share.
    share: Option<(Organisation, OwnedSemaphorePermit)>,
}

/// A further part's place, until this is dropped or somebody else needs it.
pub(crate) struct Loan {
    number: u64,
    ledger: Arc<Mutex<Ledger>>,
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.ledger.lock().parts.remove(&self.number);
    }
}

impl Slots {
    /// So many places.
    pub(crate) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), count, ledger: Arc::default() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.count.saturating_sub(self.free.available_permits())
    }

    /// Waits for a place.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        // Never closed.
        self.await_or_call_back(self.free.clone().acquire_owned(), |_| true).await.ok()
    }

    /// A place if one is free now.
    pub(crate) fn take_free(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_owned().ok()
    }

    /// Waits for a part of an organisation's share, of which its own further parts may hold some.
    pub(crate) async fn take_share(
        &self,
        shares: &Shares,
        organisation: &Organisation,
    ) -> Option<OwnedSemaphorePermit> {
        let own = |lent: &Lent| lent.share.as_ref().is_some_and(|(of, _)| of == organisation);
        self.await_or_call_back(shares.take(Some(organisation)), own).await
    }

    /// Waits; where there is nothing at once, something suitable that is on loan is called back.
    async fn await_or_call_back<T>(&self, wanted: impl Future<Output = T>, suits: impl Fn(&Lent) -> bool) -> T {
        // Unconstrained, since "not now" must mean that it stands in the line: then what is called back is for whoever stands
        // first there, and nothing is lent as long as somebody does.
        let mut wanted = pin!(unconstrained(wanted));
        if let Some(got) = wanted.as_mut().now_or_never() {
            return got;
        }
        self.call_back(suits);
        wanted.await
    }

    fn call_back(&self, suits: impl Fn(&Lent) -> bool) {
        let mut ledger = self.ledger.lock();
        let lent = ledger.parts.values_mut().find(|part| part.as_ref().is_some_and(&suits));
        drop(lent.and_then(Option::take));
    }

    /// A place on loan for a further part, if one is free now and fewer runs and further parts than `cores` are in progress;
    /// for a run that is not stored (`share`) also a part of its organisation's share must be free.
    pub(crate) fn lend(&self, cores: usize, share: Option<(&Shares, &Organisation)>) -> Option<Loan> {
        // Held to the end: whoever has to wait from now on finds this loan in the ledger.
        let mut ledger = self.ledger.lock();
        let without = ledger.parts.values().filter(|part| part.is_none()).count();
        if self.taken() + without >= cores {
            return None;
        }
        let share = match share {
            Some((shares, organisation)) => Some((organisation.clone(), shares.take_free(organisation)?)),
            None => None,
        };
        let slot = self.take_free()?;
        let number = ledger.next;
        ledger.next += 1;
        ledger.parts.insert(number, Some(Lent { _slot: slot, share }));
        Some(Loan { number, ledger: self.ledger.clone() })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn a_place_on_loan_is_called_back_by_whoever_waits() {
        let slots = Slots::new(3);
        let own = slots.take().await;
        let (first, second) = (slots.lend(9, None), slots.lend(9, None));
        assert!(own.is_some() && first.is_some() && second.is_some());
        assert!(slots.lend(9, None).is_none() && slots.take_free().is_none());
        assert_eq!((slots.taken(), slots.count()), (3, 3));
        // Two who would have to wait get one each at once, and the next one waits.
        let (other, another) = (slots.take().now_or_never(), slots.take().now_or_never());
        assert!(other.is_some() && another.is_some());
        let mut waiting = Box::pin(slots.take());
        assert!(waiting.as_mut().now_or_never().is_none());
        // The parts go on without, and count.
        assert!(slots.lend(9, None).is_none());
        drop((first, second));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(other);
        assert!(waiting.await.is_some());
        drop((own, another));
        assert_eq!(slots.taken(), 0);
    }

    #[tokio::test]
    async fn nothing_is_lent_beyond_the_cores_or_past_somebody_who_waits() {
        let slots = Slots::new(8);
        let own = slots.take().await;
        assert!(slots.lend(1, None).is_none());
        let loan = slots.lend(2, None);
        assert!(loan.is_some() && slots.lend(2, None).is_none());
        slots.call_back(|_| true);
        assert_eq!(slots.taken(), 1);
        assert!(slots.lend(2, None).is_none(), "its part still runs");
        drop(loan);
        assert!(slots.lend(2, None).is_some());
        drop(own);

        let slots = Slots::new(1);
        let own = slots.take().await;
        let mut waiting = Box::pin(slots.take());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(own);
        assert!(slots.lend(9, None).is_none(), "it is on its way to whoever waits");
        assert!(waiting.await.is_some());
    }

    #[tokio::test]
    async fn a_share_on_loan_is_called_back_by_its_own_organisation() {
        let (slots, shares) = (Slots::new(8), Shares::new(2));
        let (lab, factory) = (Organisation::new("lab").unwrap(), Organisation::new("factory").unwrap());
        let own = slots.take_share(&shares, &lab).await;
        let loan = slots.lend(9, Some((&shares, &lab)));
        assert!(own.is_some() && loan.is_some());
        assert!(slots.lend(9, Some((&shares, &lab))).is_none(), "the share is used up");
        assert!(slots.take_share(&shares, &factory).now_or_never().is_some());
        assert_eq!(slots.taken(), 1);
        let second = slots.take_share(&shares, &lab).now_or_never();
        assert!(second.is_some());
        assert_eq!(slots.taken(), 0, "its place went back with it");
        assert!(slots.take_share(&shares, &lab).now_or_never().is_none());
        drop((own, loan));
        assert!(slots.take_share(&shares, &lab).now_or_never().is_some());
    }
}
