//! Gives queued tasks to free places.
//!
//! It sleeps until there may be something to do: a task became ready, a waiting one is due, or a place or memory became free
//! for an organisation that had more to claim than room. What it claims runs at once, since it has a place and memory for it;
//! but for runs so short that claiming them one by one would cost more than they do: of those some are claimed ahead, and
//! each begins when one before it has ended.
//!
//! For an organisation that has used up its places it stands in that organisation's line, among its other runs.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use analyte_core::job::transition::Released;
use analyte_core::names::Organisation;
use analyte_store::{Claimed, Claims, HeldUp, Room};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use crate::end::phase::Phase;
use crate::manager::Manager;
use crate::run::active_runs::Begun;
use crate::run::attempt::{Held, attempt};
use crate::run::fetch::fetch;
use crate::run::held_up::waits_for_memory;
use crate::run::sessions::{BEFORE_ENDING_IDLE, Needed};
use crate::run::slots::Slot;

/// Most tasks of one organisation that are claimed ahead, a few milliseconds' worth of short runs.
const AHEAD: usize = 128;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Looks again after this long even where nothing is known to be due: clocks may be set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// The same where a task waits for memory, which others leave to it meanwhile: it may be cancelled.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Places that are waited for.
#[derive(Default)]
struct Lines {
    /// For whom; `None`: for any organisation.
    stands_for: HashSet<Option<Organisation>>,
    waiting: FuturesUnordered<BoxFuture<'static, (Option<Organisation>, Option<Slot>)>>,
}

impl Lines {
    /// Stands in the lines of organisations that have used up their places, and in that for any where all are taken.
    fn stand(&mut self, manager: &Manager, held_up: &BTreeMap<Organisation, HeldUp>, all_taken: bool) {
        let used_up = held_up.iter().filter(|(_, why)| **why == HeldUp::Tasks).map(|(of, _)| Some(of.clone()));
        for of in used_up.chain(all_taken.then_some(None)) {
            if self.stands_for.insert(of.clone()) {
                let slots = manager.inner.slots.clone();
                self.waiting.push(Box::pin(async move {
                    let slot = match &of {
                        Some(organisation) => slots.take(organisation).await,
                        None => slots.take_any().await,
                    };
                    (of, slot)
                }));
            }
        }
    }

    /// Waits for a place.
    async fn place(&mut self) -> Option<Slot> {
        let (of, slot) = self.waiting.next().await?;
        self.stands_for.remove(&of);
        slot
    }
}

/// Claims and starts tasks until the manager begins to stop.
pub(crate) async fn dispatch(manager: Manager) {
    let mut pause = FIRST_PAUSE;
    let (mut hand, mut lines) = (Vec::new(), Lines::default());
    while *manager.inner.phase.borrow() == Phase::Working {
        let claiming = manager.inner.claiming.lock().await;
        let now = manager.now();
        let lease_until = now.plus_ms(u64::try_from(manager.inner.lease.as_millis()).unwrap_or(u64::MAX));
        let room = room(&manager, &hand);
        let mut lacks = false;
        let sleep = match manager.inner.store.claim(&manager.inner.node, room, lease_until, now).await {
            Ok(Claims { claimed, next_due, held_up, more }) => {
                pause = FIRST_PAUSE;
                lines.stand(&manager, &held_up, more);
                lacks = held_up.values().any(|why| waits_for_memory(*why).is_some());
                manager.inner.held_up.put(held_up.clone(), more);
                start(&manager, claimed, std::mem::take(&mut hand), held_up).await;
                let longest = if lacks { LONGEST_WAIT } else { LONGEST_SLEEP };
                next_due.map_or(longest, |due| Duration::from_millis(due.ms_since(manager.now())).min(longest))
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no tasks can be claimed; trying again");
                hand.clear();
                let sleep = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                sleep
            }
        };
        drop(claiming);
        tokio::select! {
            () = manager.reached(Phase::Draining) => return,
            () = manager.inner.wake.notified() => {}
            slot = lines.place(), if !lines.waiting.is_empty() => hand.extend(slot),
            () = manager.inner.engine.budget().freed(), if lacks => {}
            // Rather than that something waits for memory that is only kept in case it is needed.
            () = tokio::time::sleep(BEFORE_ENDING_IDLE), if lacks && !manager.inner.pool.is_empty() => {
                manager.end_idle_instance(Needed::Memory);
            }
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// What may be claimed now, with the places in hand. What another run takes in the same moment is waited for when the run
/// begins.
fn room(manager: &Manager, hand: &[Slot]) -> Room {
    let (slots, budget) = (&manager.inner.slots, manager.inner.engine.budget());
    let mut running = slots.counts();
    for (organisation, count) in &mut running {
        *count = count.saturating_sub(hand.iter().filter(|slot| slot.is_for(organisation)).count());
    }
    Room {
        tasks: slots.most().saturating_sub(slots.taken()) + hand.len(),
        most_of_one: slots.most_of_one(),
        running,
        ahead: AHEAD,
        quick: Arc::new(manager.inner.components.trusted()),
        memory: budget.shares(),
        extra_bytes: manager.inner.limits.output_bytes,
    }
}

/// A place for a task of this organisation: of those in hand, or a free one.
fn place(manager: &Manager, organisation: &Organisation, hand: &mut Vec<Slot>) -> Option<Slot> {
    if let Some(own) = hand.iter().position(|slot| slot.is_for(organisation)) {
        return Some(hand.swap_remove(own));
    }
    if let Some(free) = manager.inner.slots.take_free(organisation) {
        return Some(free);
    }
    let any = hand.iter().position(Slot::is_for_any)?;
    match hand.swap_remove(any).given_to(organisation) {
        Ok(slot) => Some(slot),
        Err(slot) => {
            hand.push(slot);
            None
        }
    }
}

async fn start(manager: &Manager, claimed: Vec<Claimed>, mut hand: Vec<Slot>, held_up: BTreeMap<Organisation, HeldUp>) {
    let slots: Vec<Option<Slot>> =
        claimed.iter().map(|claimed| place(manager, &claimed.run.key.organisation, &mut hand)).collect();
    // What is not needed is free before the first run begins, which may be one that can use more.
    drop(hand);
    // There was room a moment ago; where another run took it meanwhile, this one waits for some.
    let room = |(claimed, slot): (&Claimed, &Option<Slot>)| {
        let (organisation, job) = (&claimed.run.key.organisation, &claimed.job);
        let limits = job.task(&claimed.run.key.task).map_or(job.limits, |task| job.limits_of(task));
        slot.as_ref().and_then(|_| manager.inner.engine.try_room_for_queued(organisation, limits))
    };
    let rooms: Vec<_> = claimed.iter().zip(&slots).map(room).collect();
    let waiting = held_up.into_iter().filter_map(|(of, why)| Some((of, waits_for_memory(why)?)));
    manager.inner.engine.budget().queued(waiting);
    if manager.refuse_while_stopping().is_err() {
        let runs = claimed.into_iter().map(|claimed| (claimed.run, Released::Drained)).collect::<Vec<_>>();
        if !runs.is_empty()
            && let Err(error) = manager.inner.store.release(runs, manager.now()).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "tasks could not be given back; the next start does it"
            );
        }
        return;
    }
    let now = manager.now();
    // First of all, so that a caller that cancels one of their jobs from here on finds its run.
    let begun: Vec<Begun> =
        claimed.iter().map(|claimed| manager.inner.active_runs.begin(claimed.run.clone())).collect();
    for claimed in &claimed {
        manager.inner.watchers.changed(claimed.job.id);
        manager.inner.metrics.started(claimed, now);
    }
    if claimed.iter().any(|claimed| !claimed.job.webhooks.is_empty()) {
        manager.inner.notify.notify_one();
    }
    let fetched = fetch(manager, &claimed).await;
    let held = slots.into_iter().zip(rooms).zip(fetched).map(|((slot, room), given)| Held { slot, room, given });
    for ((claimed, begun), held) in claimed.into_iter().zip(begun).zip(held) {
        tokio::spawn(attempt(manager.clone(), claimed, begun, held));
    }
}
