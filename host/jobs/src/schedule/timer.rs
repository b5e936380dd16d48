//! Waits for the next fire time of all schedules, and has what is due fired.
//!
//! It sleeps until the earliest fire time, and wakes once in a while to see whether the clock was set. A clock that leapt
//! forward is a downtime: what was missed is made up for as each schedule says. Where the clock was set back, every
//! schedule is looked at anew, and nothing fires twice.

use std::time::Duration;

use analyte_core::timestamp::Timestamp;

use crate::end::phase::Phase;
use crate::error::StartError;
use crate::manager::Manager;

/// Schedules that are fired together.
const TOGETHER: usize = 512;
/// It looks at the clock at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// A clock that goes back by more than this was set.
const SET_BACK_MS: u64 = 100;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Schedules read at a time when the server starts.
const PORTION: usize = 256;

impl Manager {
    /// Takes up the schedules that the store has.
    pub(crate) async fn read_schedules(&self) -> Result<(), StartError> {
        let mut after = None;
        loop {
            let portion = self.inner.store.all_schedules(after, PORTION).await?;
            let now = self.now();
            for kept in &portion {
                self.inner.timetable.put(kept, now);
            }
            let Some(last) = portion.last() else { return Ok(()) };
            after = Some((last.schedule.organisation.clone(), last.schedule.id));
        }
    }
}

/// Fires what is due until the manager begins to stop.
pub(crate) async fn fire(manager: Manager) {
    let mut pause = FIRST_PAUSE;
    let mut seen = manager.now();
    while *manager.inner.phase.borrow() == Phase::Working {
        let timetable = &manager.inner.timetable;
        let now = manager.now();
        if seen.ms_since(now) > SET_BACK_MS {
            tracing::warn!(from = %seen, to = %now, "the clock was set back: schedules go on from the new time");
            timetable.look_at_all();
        }
        seen = now;
        let due = timetable.take_due(now, TOGETHER);
        if due.is_empty() {
            wait(&manager, now).await;
            continue;
        }
        match manager.fire_due(due.clone()).await {
            Ok(again) => {
                pause = FIRST_PAUSE;
                for id in again {
                    timetable.look_at(id);
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "schedules cannot fire; trying again");
                for (_, id) in due {
                    timetable.look_at(id);
                }
                tokio::select! {
                    () = manager.reached(Phase::Draining) => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn wait(manager: &Manager, now: Timestamp) {
    let next = manager.inner.timetable.next();
    let sleep = next.map_or(LONGEST_SLEEP, |next| Duration::from_millis(next.ms_since(now)).min(LONGEST_SLEEP));
    tokio::select! {
        () = manager.reached(Phase::Draining) => {}
        () = manager.inner.timetable.wake.notified() => {}
        () = tokio::time::sleep(sleep) => {}
    }
}
