//! Memory admission: everything large that the process holds for organisations is reserved from one budget first.
//!
//! A reservation gives its bytes back when dropped. Organisations share the budget by the rule of [`Shares`], so that what one
//! of them holds leaves room for the others. Reservations of runs wait in a line: those of one organisation first come first
//! served, and none behind those of another that has used up its share. Reservations of surfaces (bodies that arrive or
//! are sent, at the pace of clients) never wait; together they take at most half of the budget, shared by the same rule:
//! however slow clients are, the other half goes on to run what was asked for.
//!
//! More than may be held at once is cut to that much, so that a large request runs alone rather than never.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use analyte_core::shares::{Holder, Lack, Shares, Use};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

/// The least that a budget is, in bytes.
const LEAST: u64 = 1 << 17;

/// The budget; clones share it.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    /// Of all that is held.
    all: Shares,
    /// Of what surfaces hold, which `all` counts too.
    surfaces: Shares,
    next: u64,
    /// Those that wait, in the order in which they came.
    line: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    holder: Holder,
    bytes: u64,
    /// `None`: a queued task, which waits in the store and is claimed when there is room.
    answer: Option<oneshot::Sender<Reservation>>,
}

/// Bytes held until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    holder: Holder,
    bytes: u64,
    what: Use,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.change(|state| {
            state.all.give_back(&self.holder, self.bytes, self.what);
            if self.what == Use::Transfer {
                state.surfaces.give_back(&self.holder, self.bytes, self.what);
            }
        });
        self.budget.inner.freed.notify_one();
    }
}

impl MemoryBudget {
    /// A budget of `bytes`, of which organisations hold shares under these limits once there are [several](Self::share).
    pub fn new(bytes: u64, limits: &Limits) -> Self {
        let (bytes, usual) = (bytes.max(LEAST), limits.memory_bytes.saturating_add(limits.output_bytes));
        let state = State {
            all: Shares::new(bytes, usual, 100),
            surfaces: Shares::new(bytes / 2, 0, 100),
            next: 0,
            line: VecDeque::new(),
        };
        Self { inner: Arc::new(Inner { state: Mutex::new(state), freed: Notify::new() }) }
    }

    /// Says how many percent one organisation may hold while no other holds anything: 100 as long as there is only one.
    pub fn share(&self, percent: u64) {
        self.change(|state| {
            state.all.set_percent(percent);
            state.surfaces.set_percent(percent);
        });
    }

    /// Waits until there is room, for a caller whose organisation may hold a reservation of a surface meanwhile: what it waits
    /// for is at most what surfaces leave, so it never waits for itself.
    pub async fn reserve(&self, of: Option<&Organisation>, bytes: u64) -> Reservation {
        let most = {
            let state = self.inner.state.lock();
            state.all.largest_run().min(state.all.whole() - state.surfaces.whole())
        };
        self.taken(of.cloned(), bytes.min(most)).await
    }

    /// Waits until there is room, be it for the largest run that may be. The caller must hold nothing of the budget.
    pub async fn reserve_whole(&self, of: Option<&Organisation>, bytes: u64) -> Reservation {
        let most = self.largest_run();
        self.taken(of.cloned(), bytes.min(most)).await
    }

    /// Takes the bytes, be it as many as the largest run may take, if there is room now and no other run of this organisation
    /// waits for it.
    pub fn try_reserve_whole(&self, of: Option<&Organisation>, bytes: u64) -> Option<Reservation> {
        let holder = of.cloned();
        let mut state = self.inner.state.lock();
        let bytes = bytes.min(state.all.largest_run());
        state.admit(&holder, bytes).then(|| self.reservation(holder, bytes, Use::Run))
    }

    /// The same for a queued task that was claimed; it no longer [waits](Self::queued) then.
    pub fn try_reserve_queued(&self, of: &Organisation, bytes: u64) -> Option<Reservation> {
        let holder = Some(of.clone());
        let mut state = self.inner.state.lock();
        let bytes = bytes.min(state.all.largest_run());
        let own = state.line.iter().position(|one| one.holder == holder);
        // Only the first of its organisation: what came before goes before it.
        let first =
            own.filter(|place| state.line.get(*place).is_some_and(|one| one.answer.is_none() && one.bytes == bytes));
        first.and_then(|place| state.line.remove(place));
        state.admit_first(&holder, bytes, first.is_some()).then(|| self.reservation(holder, bytes, Use::Run))
    }

    async fn taken(&self, holder: Holder, bytes: u64) -> Reservation {
        let (answer, mut reservation) = oneshot::channel();
        let number = {
            let mut state = self.inner.state.lock();
            if state.admit(&holder, bytes) {
                return self.reservation(holder, bytes, Use::Run);
            }
            let number = state.number();
            state.line.push_back(Waiting { number, holder, bytes, answer: Some(answer) });
            number
        };
        let _place = Place { budget: self, number };
        // Others may have to leave room for it from now on.
        self.change(|_| ());
        match (&mut reservation).await {
            Ok(reservation) => reservation,
            // It is answered before it leaves the line; were it not, waiting for ever would be the safe answer.
            Err(_) => std::future::pending().await,
        }
    }

    /// Takes the bytes for a surface if there is room now.
    pub fn try_reserve(&self, of: Option<&Organisation>, bytes: u64) -> Result<Reservation, Lack> {
        let holder = of.cloned();
        let mut state = self.inner.state.lock();
        let bytes = bytes.min(state.surfaces.largest_share());
        state.surfaces.admits_more(&holder, bytes)?;
        if bytes > state.all.free() {
            return Err(Lack::Memory);
        }
        state.surfaces.take(&holder, bytes, Use::Transfer);
        state.all.take(&holder, bytes, Use::Transfer);
        Ok(self.reservation(holder, bytes, Use::Transfer))
    }

    /// What was taken already.
    fn reservation(&self, holder: Holder, bytes: u64, what: Use) -> Reservation {
        Reservation { budget: self.clone(), holder, bytes, what }
    }

    /// Changes something, and lets in those that there is room for then.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let admitted = {
            let mut state = self.inner.state.lock();
            change(&mut state);
            state.let_in()
        };
        // The lock is not held: a caller that has gone meanwhile gives its bytes back at once.
        for Waiting { holder, bytes, answer, .. } in admitted {
            let reservation = self.reservation(holder, bytes, Use::Run);
            if let Some(answer) = answer {
                drop(answer.send(reservation));
            }
        }
    }

    /// Says which queued tasks, by organisation, wait for how many bytes each; what was said before is forgotten. They hold up
    /// others as those that wait here do.
    pub fn queued(&self, waiting: impl IntoIterator<Item = (Organisation, u64)>) {
        self.change(|state| {
            let waiting: Vec<(Holder, u64)> = waiting.into_iter().map(|(of, bytes)| (Some(of), bytes)).collect();
            let known = |one: &Waiting| waiting.iter().any(|(of, bytes)| *of == one.holder && *bytes == one.bytes);
            state.line.retain(|one| one.answer.is_some() || known(one));
            for (holder, bytes) in waiting {
                let there = |one: &Waiting| one.answer.is_none() && one.holder == holder && one.bytes == bytes;
                if !state.line.iter().any(there) {
                    let number = state.number();
                    state.line.push_back(Waiting { number, holder, bytes, answer: None });
                }
            }
        });
    }

    /// Waits until bytes have been given back since this was called last. For one caller at a time.
    pub async fn freed(&self) {
        self.inner.freed.notified().await;
    }

    /// What there is and who holds it, at this moment.
    pub fn shares(&self) -> Shares {
        self.inner.state.lock().all.clone()
    }

    /// The whole budget in bytes.
    pub fn capacity(&self) -> u64 {
        self.inner.state.lock().all.whole()
    }

    /// The most bytes that one run may take.
    pub fn largest_run(&self) -> u64 {
        self.inner.state.lock().all.largest_run()
    }

    /// The most that one organisation's surfaces together hold, in bytes.
    pub fn surface_capacity(&self) -> u64 {
        self.inner.state.lock().surfaces.largest_share()
    }

    /// Bytes reserved now.
    pub fn reserved(&self) -> u64 {
        self.inner.state.lock().all.taken()
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Takes the bytes for a run if there is room now and no other of its organisation waits here.
    fn admit(&mut self, holder: &Holder, bytes: u64) -> bool {
        self.admit_first(holder, bytes, false)
    }

    /// The same for one that `is_first` of those that wait.
    fn admit_first(&mut self, holder: &Holder, bytes: u64, is_first: bool) -> bool {
        let behind = !is_first && self.line.iter().any(|one| one.holder == *holder);
        if behind || self.all.admits_run(holder, bytes).is_err() {
            return false;
        }
        self.all.take(holder, bytes, Use::Run);
        true
    }

    /// Takes from the line those that there is room for, and promises room to the first that waits for much.
    fn let_in(&mut self) -> Vec<Waiting> {
        self.all.promise(None);
        let (mut admitted, mut kept) = (Vec::new(), VecDeque::new());
        let mut behind: HashSet<Holder> = HashSet::new();
        for one in std::mem::take(&mut self.line) {
            if one.answer.as_ref().is_some_and(oneshot::Sender::is_closed) {
                continue;
            }
            let fits = !behind.contains(&one.holder) && self.all.admits_run(&one.holder, one.bytes).is_ok();
            if fits && one.answer.is_some() {
                self.all.take(&one.holder, one.bytes, Use::Run);
                admitted.push(one);
                continue;
            }
            // A queued task that fits is claimed in a moment; its room is kept until then.
            if !self.all.runs(&one.holder) && !self.all.has_promised() {
                self.all.promise(Some((one.holder.clone(), one.bytes)));
            }
            behind.insert(one.holder.clone());
            kept.push_back(one);
        }
        self.line = kept;
        admitted
    }
}

/// A place in the line, left when this is dropped.
struct Place<'a> {
    budget: &'a MemoryBudget,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.budget.change(|state| state.line.retain(|one| one.number != self.number));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures::FutureExt as _;

    use super::*;

    const MB: u64 = 1 << 20;

    fn organisation(name: &str) -> Organisation {
        Organisation::new(name).unwrap()
    }

    /// Of ten MB, a usual run taking one.
    fn budget() -> MemoryBudget {
        MemoryBudget::new(10 * MB, &Limits { memory_bytes: MB / 2, output_bytes: MB / 2, ..Limits::default() })
    }

    #[tokio::test]
    async fn a_reservation_waits_for_room_and_gives_it_back() {
        let budget = budget();
        let first = budget.reserve_whole(None, 6 * MB).await;
        assert!(budget.try_reserve(None, 5 * MB).is_err());
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.reserve(None, 5 * MB).await }
        });
        drop(first);
        assert!(waiting.await.is_ok());
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test]
    async fn a_caller_that_waits_for_bytes_is_woken_when_some_are_given_back() {
        let budget = budget();
        let all = budget.try_reserve_whole(None, u64::MAX);
        assert!(all.is_some() && budget.try_reserve_whole(None, 1).is_none());
        drop(all);
        budget.freed().await;
        assert!(budget.try_reserve_whole(None, u64::MAX).is_some());
    }

    #[tokio::test]
    async fn more_than_everything_is_everything() {
        let budget = budget();
        let all = budget.reserve_whole(None, u64::MAX).await;
        assert!(budget.try_reserve(None, 1).is_err());
        drop(all);
        assert!(budget.try_reserve(None, 1).is_ok());
    }

    #[tokio::test]
    async fn surfaces_hold_half_at_most_and_never_keep_their_own_work_waiting() {
        let budget = budget();
        assert_eq!(budget.surface_capacity(), 5 * MB);
        let body = budget.try_reserve(None, 4 * MB);
        assert!(body.is_ok());
        assert_eq!(budget.try_reserve(None, 2 * MB).unwrap_err(), Lack::Memory);
        let last = budget.try_reserve(None, MB);
        assert!(last.is_ok());
        // With the bodies held: what is asked for beyond the other half is cut to it.
        let work = budget.reserve(None, u64::MAX).await;
        assert_eq!(budget.reserved(), 10 * MB);
        drop((body, last, work));
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test]
    async fn those_of_one_organisation_wait_in_order_and_others_pass_them() {
        let budget = budget();
        budget.share(50);
        let (lab, factory) = (organisation("lab"), organisation("factory"));
        let held: Vec<_> = (0..5).map(|_| budget.try_reserve_whole(Some(&lab), MB).unwrap()).collect();
        assert!(budget.try_reserve_whole(Some(&lab), MB).is_none());
        let mut large = Box::pin(budget.reserve_whole(Some(&lab), 3 * MB));
        let mut small = Box::pin(budget.reserve_whole(Some(&lab), MB / 2));
        assert!(large.as_mut().now_or_never().is_none() && small.as_mut().now_or_never().is_none());
        let other = budget.reserve_whole(Some(&factory), MB).now_or_never();
        assert!(other.is_some());
        let mut held = held.into_iter();
        drop(held.by_ref().take(2).collect::<Vec<_>>());
        assert!(large.as_mut().now_or_never().is_none(), "it would hold six, and leave three");
        assert!(small.as_mut().now_or_never().is_none(), "it stands behind the large one");
        // Where the first one gives up, the next one is let in.
        drop(large);
        assert!(small.now_or_never().is_some());
        drop((held, other));
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test]
    async fn bodies_of_one_organisation_leave_room_for_those_of_another() {
        let budget = budget();
        budget.share(50);
        let (lab, factory) = (organisation("lab"), organisation("factory"));
        let held: Vec<_> = (0..100).map_while(|_| budget.try_reserve(Some(&lab), MB / 4).ok()).collect();
        assert_eq!(held.len(), 10);
        assert_eq!(budget.try_reserve(Some(&lab), MB / 4).unwrap_err(), Lack::Share);
        assert!(budget.try_reserve(Some(&factory), MB).is_ok());
        drop(held);
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test]
    async fn small_runs_do_not_starve_a_large_one() {
        let budget = budget();
        budget.share(50);
        let (lab, factory) = (organisation("lab"), organisation("factory"));
        let first = budget.try_reserve_whole(Some(&lab), 2 * MB).unwrap();
        let second = budget.try_reserve_whole(Some(&lab), MB).unwrap();
        // A queued task waits as a call does.
        budget.queued([(factory.clone(), 8 * MB)]);
        assert!(budget.try_reserve_whole(Some(&lab), MB).is_none(), "its room is promised");
        drop(first);
        assert!(budget.try_reserve_whole(Some(&factory), MB).is_none(), "it comes after what is queued");
        assert!(budget.try_reserve_queued(&factory, 8 * MB).is_some());
        budget.queued([(factory.clone(), 9 * MB)]);
        assert!(budget.try_reserve_whole(Some(&lab), MB).is_none());
        budget.queued([]);
        assert!(budget.try_reserve_whole(Some(&lab), MB).is_some());
        let mut waiting = Box::pin(budget.reserve_whole(Some(&factory), 9 * MB));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(budget.try_reserve_whole(Some(&lab), MB).is_none(), "its room is promised");
        drop(second);
        assert!(waiting.now_or_never().is_some());
        assert!(budget.try_reserve_whole(Some(&lab), MB).is_some());
    }
}
