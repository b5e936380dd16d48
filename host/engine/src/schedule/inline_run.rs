//! Where a run begins: on the guests' threads, or at once where it is asked for.
//!
//! Handing a run to another thread and back costs more than a short run takes. A component whose runs have been short
//! often enough begins where it is asked for, and whatever is not done with its first slice of fuel goes on on the guests'
//! threads.
//!
//! Who asks is a thread that answers everybody else, so a slice must be short there. Fuel does not tell all of it: an
//! operation on memory burns fuel for each byte, but cannot be interrupted, and what is copied in and out burns none. So a
//! run with much input does not begin there, one moves on before its memory grows beyond what is cleared in a few
//! milliseconds, and the processor time that it takes there is looked at. And trust is earned: the number of short runs in a
//! row that it takes grows tenfold with each one that was not short, so that however a component behaves, it holds up
//! others for a vanishing part of the time only.
//!
//! Each organisation's runs of a component count by themselves: one that runs what is long in it does not slow down
//! those that run what is short.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use analyte_core::job::Usage;
use analyte_core::names::Organisation;
use analyte_core::shares::Holder;
use parking_lot::Mutex;

/// The most fuel of a short run, and the slice after which a run moves on: some 0.1 ms.
pub(crate) const SLICE_FUEL: u64 = 100_000;
/// The most memory of a short run, in bytes, and what a run has at most before it moves on.
pub(crate) const MEMORY: u64 = 4 << 20;
/// How long its first step may last before a host call ends it.
pub(crate) const STEP: Duration = Duration::from_millis(1);
/// The most processor time of a slice there. What others of the machine do does not count.
pub(crate) const LONGEST: Duration = Duration::from_millis(2);
/// Short runs in a row that it takes first.
const FIRST: u32 = 16;

/// What is known of a component's runs, by the organisation that they are of.
#[derive(Debug, Default)]
pub(crate) struct RunHistories {
    by_organisation: Mutex<HashMap<Holder, Arc<RunHistory>>>,
}

impl RunHistories {
    /// Of this organisation's.
    pub(crate) fn of(&self, holder: &Holder) -> Arc<RunHistory> {
        let mut all = self.by_organisation.lock();
        match all.get(holder) {
            Some(record) => record.clone(),
            None => all.entry(holder.clone()).or_default().clone(),
        }
    }

    /// The organisations whose next run begins where it is asked for.
    pub(crate) fn trusted(&self) -> Vec<Organisation> {
        let all = self.by_organisation.lock();
        all.iter().filter(|(_, record)| record.trusted()).filter_map(|(holder, _)| holder.clone()).collect()
    }
}

/// What is known of the runs of one component and one organisation.
#[derive(Debug)]
pub(crate) struct RunHistory {
    /// Short runs in a row.
    short: AtomicU32,
    /// How many are needed.
    needed: AtomicU32,
}

impl Default for RunHistory {
    fn default() -> Self {
        Self { short: AtomicU32::new(0), needed: AtomicU32::new(FIRST) }
    }
}

impl RunHistory {
    /// Whether the next run begins where it is asked for.
    pub(crate) fn trusted(&self) -> bool {
        self.short.load(Ordering::Relaxed) >= self.needed.load(Ordering::Relaxed)
    }

    /// A run ended that cost so much.
    pub(crate) fn note(&self, usage: Usage) {
        if usage.fuel > SLICE_FUEL || usage.peak_memory_bytes > MEMORY {
            self.lose();
        } else if !self.trusted() {
            self.short.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A run was not short.
    pub(crate) fn lose(&self) {
        // Trust is lost once, however many runs were under way with it.
        if self.trusted() {
            let more = |needed: u32| Some(needed.saturating_mul(10));
            let _ = self.needed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
        self.short.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Usage = Usage { fuel: SLICE_FUEL, peak_memory_bytes: MEMORY };

    fn short_runs_until_trusted(record: &RunHistory) -> u32 {
        let mut count = 0;
        while !record.trusted() {
            record.note(SHORT);
            count += 1;
        }
        count
    }

    #[test]
    fn trust_takes_short_runs_in_a_row_and_ten_times_as_many_when_it_was_lost() {
        let record = RunHistory::default();
        for _ in 0..FIRST - 1 {
            record.note(SHORT);
        }
        assert!(!record.trusted());
        record.note(Usage { fuel: SLICE_FUEL + 1, ..SHORT });
        assert_eq!(short_runs_until_trusted(&record), FIRST);
        let long = [Usage { fuel: SLICE_FUEL + 1, ..SHORT }, Usage { peak_memory_bytes: MEMORY + 1, ..SHORT }];
        for long in long.map(Some).into_iter().chain([None]) {
            let needed = record.needed.load(Ordering::Relaxed);
            match long {
                Some(usage) => record.note(usage),
                None => record.lose(),
            }
            assert_eq!(short_runs_until_trusted(&record), needed * 10);
        }
    }

    #[test]
    fn an_organisation_that_is_not_short_loses_its_own_trust() {
        let records = RunHistories::default();
        let [lab, plant] = ["lab", "plant"].map(|name| Organisation::new(name).ok());
        for holder in [&lab, &plant, &None] {
            assert_eq!(short_runs_until_trusted(&records.of(holder)), FIRST);
        }
        records.of(&lab).lose();
        assert!(!records.of(&lab).trusted() && records.of(&plant).trusted() && records.of(&None).trusted());
        assert_eq!(records.trusted(), plant.into_iter().collect::<Vec<_>>());
    }
}
