//! Gives queued tasks to free slots.
//!
//! It sleeps until there may be something to do: a task became ready, a waiting one is due, or a slot became free while
//! there was more to claim than room. What it claims runs at once, since it has slots and memory for it; but for runs so
//! short that claiming them one by one would cost more than they do: of those some are claimed ahead, and each begins when
//! one before it has ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use analyte_core::job::transition::Released;
use analyte_engine::Component;
use analyte_store::{Claimed, Claims, Room};
use tokio::sync::OwnedSemaphorePermit;

use crate::attempt::{Held, attempt};
use crate::fetch::fetch;
use crate::live::Begun;
use crate::manager::Manager;
use crate::sessions::BEFORE_ENDING_IDLE;
use crate::stop::Phase;

/// Most tasks that are claimed ahead, a few milliseconds' worth of short runs.
const AHEAD: usize = 128;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Looks again after this long even where nothing is known to be due: clocks may be set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Claims and starts tasks until the manager is told to stop.
pub(crate) async fn dispatch(manager: Manager) {
    let mut pause = FIRST_PAUSE;
    loop {
        let first = tokio::select! {
            biased;
            () = manager.reached(Phase::Draining) => return,
            slot = a_slot(&manager) => slot,
        };
        let claiming = manager.inner.claiming.lock().await;
        let mut slots = vec![first];
        slots.extend(std::iter::from_fn(|| manager.inner.slots.take_free()));
        let wanted = slots.len();
        let now = manager.now();
        let lease_until = now.plus_ms(u64::try_from(manager.inner.lease.as_millis()).unwrap_or(u64::MAX));
        let claims = manager.inner.store.claim(&manager.inner.node, room(&manager, wanted), lease_until, now).await;
        let mut lacks = false;
        let sleep = match claims {
            Ok(Claims { claimed, next_due, lacks_memory }) => {
                pause = FIRST_PAUSE;
                lacks = lacks_memory;
                manager.inner.lacks_memory.store(lacks, Ordering::Relaxed);
                let full = claimed.len() >= wanted;
                start(&manager, claimed, slots).await;
                drop(claiming);
                match next_due {
                    _ if full => continue,
                    Some(due) => Duration::from_millis(due.ms_since(manager.now())).min(LONGEST_SLEEP),
                    None => LONGEST_SLEEP,
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no tasks can be claimed; trying again");
                drop((claiming, slots));
                let sleep = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                sleep
            }
        };
        tokio::select! {
            () = manager.reached(Phase::Draining) => return,
            () = manager.inner.wake.notified() => {}
            () = manager.inner.engine.budget().freed(), if lacks => {}
            // Rather than that something waits for memory that is only kept in case it is needed.
            () = tokio::time::sleep(BEFORE_ENDING_IDLE), if lacks && !manager.inner.pool.is_empty() => {
                manager.end_idle_instance();
            }
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// What may be claimed now. Memory that somebody else takes in the same moment is waited for when the run begins.
fn room(manager: &Manager, tasks: usize) -> Room {
    let budget = manager.inner.engine.budget();
    Room {
        tasks,
        ahead: AHEAD,
        quick: Arc::new(manager.inner.components.quick()),
        memory_bytes: budget.capacity().saturating_sub(budget.reserved()),
        extra_bytes: manager.inner.limits.output_bytes,
        whole_bytes: budget.capacity(),
    }
}

/// Waits for one free slot. Runs that are not stored wait in the same line.
async fn a_slot(manager: &Manager) -> OwnedSemaphorePermit {
    match manager.inner.slots.take().await {
        Some(slot) => slot,
        // Nothing can run any more.
        None => std::future::pending().await,
    }
}

async fn start(manager: &Manager, claimed: Vec<Claimed>, mut slots: Vec<OwnedSemaphorePermit>) {
    // What is not needed is free before the first run begins, which may be one that can use more.
    slots.truncate(claimed.len());
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
    // First of all, so that whoever cancels one of them from here on finds it.
    let begun: Vec<Begun> = claimed.iter().map(|claimed| manager.inner.live.begin(claimed.run.clone())).collect();
    for claimed in &claimed {
        manager.inner.watchers.changed(claimed.job.id);
        manager.inner.metrics.started(claimed, now);
    }
    let fetched = fetch(manager, &claimed).await;
    let mut slots = slots.into_iter();
    for ((claimed, begun), given) in claimed.into_iter().zip(begun).zip(fetched) {
        let slot = slots.next();
        // There was room a moment ago; where somebody else took it meanwhile, the run waits for some.
        let at_once = slot.is_some();
        let room = at_once.then(|| Component::try_room_for(&manager.inner.engine, claimed.job.limits)).flatten();
        tokio::spawn(attempt(manager.clone(), claimed, begun, Held { slot, room, given }));
    }
}
