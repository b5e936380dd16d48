//! Places for runs: how many each organisation has in progress at the same time, and how many there are in all.
//!
//! Each organisation has as many as one may have, and a line of its own for those that wait for one, first come first
//! served: a crowd of one organisation is in no other's way. There is a bound on all of them together, too; where it is
//! reached, a place that becomes free goes to the organisation that has the fewest.
//!
//! The further parts of a run whose rows are [split](crate::run::split) hold places only on loan: a run that has to wait calls one
//! back, and the part that had it goes on without. So what only makes one run faster never keeps another one waiting for
//! its place.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use analyte_core::names::Organisation;
use futures::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::shares::Shares;

/// All places. Clones share them.
#[derive(Clone)]
pub(crate) struct Slots {
    most_of_one: usize,
    most: usize,
    state: Arc<Mutex<State>>,
}

/// Who holds a place; `None`: the dispatcher, for a queued task of an organisation that it will know in a moment.
type Holder = Option<Organisation>;

#[derive(Default)]
struct State {
    taken: usize,
    /// Those that have a place or wait for one.
    own: HashMap<Holder, Own>,
    /// Counts those that came, for their order.
    came: u64,
    next: u64,
    /// What each further part in progress has on loan; `None` once it was called back.
    parts: BTreeMap<u64, Option<Lent>>,
}

/// What one organisation has.
#[derive(Default)]
struct Own {
    taken: usize,
    line: VecDeque<(u64, oneshot::Sender<Slot>)>,
}

/// A place, until this is dropped.
pub(crate) struct Slot {
    slots: Slots,
    holder: Holder,
}

/// Given back when dropped.
struct Lent {
    slot: Slot,
    /// For a part of a run that is not stored: of its organisation's share.
    share: Option<OwnedSemaphorePermit>,
}

/// A further part's place, until this is dropped or another run needs it.
pub(crate) struct Loan {
    number: u64,
    slots: Slots,
}

impl Drop for Loan {
    fn drop(&mut self) {
        let lent = self.slots.state.lock().parts.remove(&self.number);
        // Without the lock, which giving back takes.
        drop(lent);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let next = {
            let mut state = self.slots.state.lock();
            state.give_back(&self.holder);
            self.slots.next(&mut state)
        };
        // Without the lock: a run that has gone meanwhile gives its place back at once.
        if let Some((waiting, slot)) = next {
            drop(waiting.send(slot));
        }
    }
}

impl Slots {
    /// `most_of_one` places for each organisation, and `most` in all.
    pub(crate) fn new(most_of_one: usize, most: usize) -> Self {
        Self { most_of_one, most: most.max(1), state: Arc::default() }
    }

    /// How many one organisation has at most.
    pub(crate) fn most_of_one(&self) -> usize {
        self.most_of_one
    }

    /// How many there are in all.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.state.lock().taken
    }

    /// How many each organisation has; as many as it may have at least where others of it wait, since those come first.
    pub(crate) fn counts(&self) -> BTreeMap<Organisation, usize> {
        let state = self.state.lock();
        let count = |own: &Own| if own.waits() { own.taken.max(self.most_of_one) } else { own.taken };
        state.own.iter().filter_map(|(holder, own)| Some((holder.clone()?, count(own)))).collect()
    }

    /// Waits for a place for this organisation.
    pub(crate) async fn take(&self, organisation: &Organisation) -> Option<Slot> {
        self.taken_by(Some(organisation.clone())).await
    }

    /// Waits for a place for the dispatcher, which gives it to an organisation's task.
    pub(crate) async fn take_any(&self) -> Option<Slot> {
        self.taken_by(None).await
    }

    async fn taken_by(&self, holder: Holder) -> Option<Slot> {
        let waiting = match self.ask(&holder) {
            Ok(slot) => return Some(slot),
            Err(waiting) => waiting,
        };
        let own = |lent: &Lent| lent.slot.holder == holder;
        // One of its own, or any where it has not used up its own places.
        if !self.call_back(own) && !self.has_used_up(&holder) {
            self.call_back(|_| true);
        }
        // Not dropped from the line while it waits.
        waiting.await.ok()
    }

    fn has_used_up(&self, holder: &Holder) -> bool {
        let state = self.state.lock();
        state.own.get(holder).is_some_and(|own| self.used_up(holder, own))
    }

    /// Whether these are as many as one organisation may have.
    fn used_up(&self, holder: &Holder, own: &Own) -> bool {
        holder.is_some() && own.taken >= self.most_of_one
    }

    /// A place if one is free now and no other of this organisation waits for it.
    pub(crate) fn take_free(&self, organisation: &Organisation) -> Option<Slot> {
        self.grant(&mut self.state.lock(), &Some(organisation.clone()))
    }

    /// A place, or a place in the line.
    fn ask(&self, holder: &Holder) -> Result<Slot, oneshot::Receiver<Slot>> {
        let mut state = self.state.lock();
        if let Some(slot) = self.grant(&mut state, holder) {
            return Ok(slot);
        }
        let (sender, receiver) = oneshot::channel();
        state.came += 1;
        let came = state.came;
        state.own.entry(holder.clone()).or_default().line.push_back((came, sender));
        Err(receiver)
    }

    fn grant(&self, state: &mut State, holder: &Holder) -> Option<Slot> {
        let own = state.own.get(holder);
        let used_up = own.is_some_and(|own| own.waits() || self.used_up(holder, own));
        if state.taken >= self.most || used_up {
            return None;
        }
        state.own.entry(holder.clone()).or_default().taken += 1;
        state.taken += 1;
        Some(Slot { slots: self.clone(), holder: holder.clone() })
    }

    /// The next place, if one is free, and the run whose it is.
    fn next(&self, state: &mut State) -> Option<(oneshot::Sender<Slot>, Slot)> {
        if state.taken >= self.most {
            return None;
        }
        for own in state.own.values_mut() {
            while own.line.front().is_some_and(|(_, run)| run.is_closed()) {
                own.line.pop_front();
            }
        }
        state.own.retain(|_, own| !own.is_idle());
        let order = |(_, own): &(&Holder, &Own)| Some((own.taken, own.line.front()?.0));
        let able = |(holder, own): &(&Holder, &Own)| !own.line.is_empty() && !self.used_up(holder, own);
        let holder = state.own.iter().filter(able).min_by_key(order)?.0.clone();
        let own = state.own.get_mut(&holder)?;
        let (_, run) = own.line.pop_front()?;
        own.taken += 1;
        state.taken += 1;
        Some((run, Slot { slots: self.clone(), holder }))
    }

    /// Waits for a part of an organisation's share, of which its own further parts may hold some.
    pub(crate) async fn take_share(
        &self,
        shares: &Shares,
        organisation: &Organisation,
    ) -> Option<OwnedSemaphorePermit> {
        // Unconstrained, since "not now" must mean that it stands in the line: then what is called back is for the one that
        // stands first there, and nothing is lent as long as one does.
        let mut wanted = std::pin::pin!(tokio::task::unconstrained(shares.take(Some(organisation))));
        if let Some(got) = wanted.as_mut().now_or_never() {
            return got;
        }
        self.call_back(|lent| lent.share.is_some() && lent.slot.holder.as_ref() == Some(organisation));
        wanted.await
    }

    /// Takes one that suits back from the part that has it on loan; says whether there was one.
    fn call_back(&self, suits: impl Fn(&Lent) -> bool) -> bool {
        let lent = {
            let mut state = self.state.lock();
            let lent = state.parts.values_mut().find(|part| part.as_ref().is_some_and(&suits));
            lent.and_then(Option::take)
        };
        // Without the lock, which giving back takes.
        lent.is_some()
    }

    /// A place on loan for a further part of an organisation's run, if one is free now and fewer runs and further parts than
    /// `cores` are in progress; for a run that is not stored (`share`) also a part of its organisation's share must be free.
    pub(crate) fn lend(&self, cores: usize, organisation: &Organisation, share: Option<&Shares>) -> Option<Loan> {
        // Held to the end: a run that has to wait from now on finds this loan in the ledger.
        let mut state = self.state.lock();
        let without = state.parts.values().filter(|part| part.is_none()).count();
        if state.taken + without >= cores {
            return None;
        }
        let share = match share {
            Some(shares) => Some(shares.take_free(organisation)?),
            None => None,
        };
        let slot = self.grant(&mut state, &Some(organisation.clone()))?;
        let number = state.next;
        state.next += 1;
        state.parts.insert(number, Some(Lent { slot, share }));
        Some(Loan { number, slots: self.clone() })
    }
}

impl State {
    fn give_back(&mut self, holder: &Holder) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(own) = self.own.get_mut(holder) {
            own.taken = own.taken.saturating_sub(1);
            if own.is_idle() {
                self.own.remove(holder);
            }
        }
    }
}

impl Own {
    fn waits(&self) -> bool {
        self.line.iter().any(|(_, run)| !run.is_closed())
    }

    fn is_idle(&self) -> bool {
        self.taken == 0 && self.line.is_empty()
    }
}

impl Slot {
    /// Whether it is for tasks of any organisation.
    pub(crate) fn is_for_any(&self) -> bool {
        self.holder.is_none()
    }

    /// Whether it is for tasks of this organisation.
    pub(crate) fn is_for(&self, organisation: &Organisation) -> bool {
        self.holder.as_ref() == Some(organisation)
    }

    /// The same place as one of this organisation's, unless it has used up its own.
    pub(crate) fn given_to(mut self, organisation: &Organisation) -> Result<Self, Self> {
        let holder = Some(organisation.clone());
        {
            let mut state = self.slots.state.lock();
            if state.own.get(&holder).is_some_and(|own| self.slots.used_up(&holder, own)) {
                drop(state);
                return Err(self);
            }
            state.give_back(&self.holder);
            state.taken += 1;
            state.own.entry(holder.clone()).or_default().taken += 1;
        }
        self.holder = holder;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures::FutureExt as _;

    use super::*;

    fn organisation(name: &str) -> Organisation {
        Organisation::new(name).unwrap()
    }

    #[tokio::test]
    async fn each_organisation_has_its_own_line() {
        let (slots, lab, factory) = (Slots::new(2, 9), organisation("lab"), organisation("factory"));
        let (first, second) = (slots.take(&lab).await, slots.take(&lab).await);
        let mut third = Box::pin(slots.take(&lab));
        let mut fourth = Box::pin(slots.take(&lab));
        assert!(third.as_mut().now_or_never().is_none() && fourth.as_mut().now_or_never().is_none());
        let other = slots.take(&factory).now_or_never();
        assert!(other.is_some());
        assert_eq!(slots.counts(), BTreeMap::from([(lab.clone(), 2), (factory.clone(), 1)]));
        drop(first);
        assert!(fourth.as_mut().now_or_never().is_none());
        // What was handed to a run that has gone is handed on.
        drop(third);
        assert!(fourth.now_or_never().is_some());
        drop((second, other));
        assert_eq!((slots.taken(), slots.counts().len()), (0, 0));
    }

    #[tokio::test]
    async fn where_all_are_taken_the_organisation_that_has_the_fewest_is_next() {
        let (slots, lab, factory) = (Slots::new(9, 3), organisation("lab"), organisation("factory"));
        let mut own: Vec<_> = vec![slots.take(&lab).await, slots.take(&lab).await, slots.take(&lab).await];
        let mut more = Box::pin(slots.take(&lab));
        let mut other = Box::pin(slots.take(&factory));
        let mut any = Box::pin(slots.take_any());
        for waiting in [&mut more, &mut other] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        assert!(any.as_mut().now_or_never().is_none());
        own.pop();
        let other = other.now_or_never().flatten();
        assert!(more.as_mut().now_or_never().is_none() && other.is_some());
        own.pop();
        let slot = any.now_or_never().flatten().unwrap();
        assert!(slot.is_for_any() && more.as_mut().now_or_never().is_none());
        let slot = slot.given_to(&factory).ok().unwrap();
        assert!(slot.is_for(&factory));
        drop(slot);
        assert!(more.now_or_never().is_some());
        drop((own, other));
        assert_eq!(slots.taken(), 0);
    }

    #[tokio::test]
    async fn a_place_on_loan_is_called_back_by_a_run_that_waits() {
        let (slots, lab) = (Slots::new(3, 9), organisation("lab"));
        let own = slots.take(&lab).await;
        let (first, second) = (slots.lend(9, &lab, None), slots.lend(9, &lab, None));
        assert!(own.is_some() && first.is_some() && second.is_some());
        assert!(slots.lend(9, &lab, None).is_none() && slots.take_free(&lab).is_none());
        assert_eq!(slots.taken(), 3);
        // Two that would have to wait get one each at once, and the next one waits.
        let (other, another) = (slots.take(&lab).now_or_never(), slots.take(&lab).now_or_never());
        assert!(other.is_some() && another.is_some());
        let mut waiting = Box::pin(slots.take(&lab));
        assert!(waiting.as_mut().now_or_never().is_none());
        // The parts go on without, and count.
        assert!(slots.lend(9, &lab, None).is_none());
        drop((first, second));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(other);
        assert!(waiting.await.is_some());
        drop((own, another));
        assert_eq!(slots.taken(), 0);
    }

    #[tokio::test]
    async fn another_organisation_calls_one_back_where_all_are_taken() {
        let (slots, lab, factory) = (Slots::new(3, 2), organisation("lab"), organisation("factory"));
        let own = slots.take(&lab).await;
        let loan = slots.lend(9, &lab, None);
        assert!(own.is_some() && loan.is_some());
        assert!(slots.take(&factory).now_or_never().is_some());
        assert_eq!(slots.taken(), 1);
    }

    #[tokio::test]
    async fn nothing_is_lent_beyond_the_cores_or_past_a_run_that_waits() {
        let (slots, lab) = (Slots::new(8, 8), organisation("lab"));
        let own = slots.take(&lab).await;
        assert!(slots.lend(1, &lab, None).is_none());
        let loan = slots.lend(2, &lab, None);
        assert!(loan.is_some() && slots.lend(2, &lab, None).is_none());
        slots.call_back(|_| true);
        assert_eq!(slots.taken(), 1);
        assert!(slots.lend(2, &lab, None).is_none(), "its part still runs");
        drop(loan);
        assert!(slots.lend(2, &lab, None).is_some());
        drop(own);

        let slots = Slots::new(1, 8);
        let own = slots.take(&lab).await;
        let mut waiting = Box::pin(slots.take(&lab));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(own);
        assert!(slots.lend(9, &lab, None).is_none(), "it is on its way to the run that waits");
        assert!(waiting.await.is_some());
    }

    #[tokio::test]
    async fn a_share_on_loan_is_called_back_by_its_own_organisation() {
        let (slots, shares) = (Slots::new(8, 8), Shares::new(2));
        let (lab, factory) = (organisation("lab"), organisation("factory"));
        let own = slots.take_share(&shares, &lab).await;
        let loan = slots.lend(9, &lab, Some(&shares));
        assert!(own.is_some() && loan.is_some());
        assert!(slots.lend(9, &lab, Some(&shares)).is_none(), "the share is used up");
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
