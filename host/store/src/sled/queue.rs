//! What may start next. Lives in memory only; rebuilt from the live jobs whenever the store opens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use analyte_core::job::{Job, Status};
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;

/// A task, by its place in its job. Sorts by priority, then age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    priority: i32,
    pub(super) job: JobId,
    pub(super) task: usize,
}

/// Queued tasks whose parents have completed. Holds a task exactly as long as it is such a one.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: BTreeMap<Organisation, BTreeSet<Entry>>,
    /// Not before this time.
    waiting: BTreeSet<(Timestamp, Organisation, Entry)>,
    /// Whose turn it was last.
    turn: Option<Organisation>,
}

fn entries(job: &Job) -> impl Iterator<Item = (Entry, Option<Timestamp>)> {
    job.tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| task.status == Status::Queued && job.parents_completed(task))
        .map(|(place, task)| (Entry { priority: job.priority, job: job.id, task: place }, job.not_before(task)))
}

impl Queue {
    /// Adds the job's tasks that may start, now or later.
    pub(super) fn add(&mut self, job: &Job) {
        for (entry, not_before) in entries(job) {
            match not_before {
                Some(at) => {
                    self.waiting.insert((at, job.organisation.clone(), entry));
                }
                None => {
                    self.ready.entry(job.organisation.clone()).or_default().insert(entry);
                }
            }
        }
    }

    /// Removes them again; `job` must be as it was when added.
    pub(super) fn remove(&mut self, job: &Job) {
        for (entry, not_before) in entries(job) {
            if let Some(at) = not_before {
                self.waiting.remove(&(at, job.organisation.clone(), entry));
            }
            // Also what waited once: it is moved here when its time comes.
            if let Some(ready) = self.ready.get_mut(&job.organisation) {
                ready.remove(&entry);
                if ready.is_empty() {
                    self.ready.remove(&job.organisation);
                }
            }
        }
    }

    /// Takes the next task that may start at `now`. Organisations take turns.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Organisation, Entry)> {
        self.wake(now);
        let after = self.turn.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.ready.range::<Organisation, _>((after, Bound::Unbounded)).next();
        let organisation =
            next.or_else(|| self.ready.first_key_value()).map(|(organisation, _)| organisation.clone())?;
        let ready = self.ready.get_mut(&organisation)?;
        let entry = ready.pop_first()?;
        if ready.is_empty() {
            self.ready.remove(&organisation);
        }
        self.turn = Some(organisation.clone());
        Some((organisation, entry))
    }

    /// Moves those whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while self.waiting.first().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, organisation, entry)) = self.waiting.pop_first() {
                self.ready.entry(organisation).or_default().insert(entry);
            }
        }
    }

    /// When the next task is due that has to wait at `now`.
    pub(super) fn next_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        // A job that is written comes back here with all its tasks, also those whose time has come.
        self.wake(now);
        self.waiting.first().map(|(at, ..)| *at)
    }
}
