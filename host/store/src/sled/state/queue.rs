//! What may start next. Lives in memory only; rebuilt from the live jobs whenever the store opens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use analyte_core::job::{Job, Status, Task};
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use parking_lot::RwLock;

use crate::sled::format::keys::Place;
use crate::sled::state::ready::{Entry, Ready, Row};

/// Queued tasks whose parents have completed, and running ones of sessions. Holds a task exactly as long as it is such a
/// one.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ready: Arc<RwLock<Ready>>,
    /// Not before this time, and in which row then.
    waiting: BTreeMap<(Timestamp, Organisation, Entry), Option<Row>>,
    /// Whose turn it was last.
    turn: Option<Organisation>,
}

/// Tasks that may start now or later.
fn entries(job: &Job) -> impl Iterator<Item = (Entry, Option<Timestamp>, &Task)> {
    job.unblocked()
        .map(|(place, task)| (Entry { priority: job.priority, job: job.id, task: place }, job.not_before(task), task))
}

fn row(job: &Job, task: &Task) -> Option<Row> {
    job.session.clone().map(|session| (session, task.provider.clone()))
}

/// Running tasks that others wait for.
fn runs(job: &Job) -> impl Iterator<Item = (usize, Row)> {
    let runs = job.tasks.iter().enumerate().filter(|(_, task)| task.status == Status::Running);
    runs.filter_map(|(place, task)| Some((place, row(job, task)?)))
}

impl Queue {
    /// For readers.
    pub(crate) fn ready(&self) -> Arc<RwLock<Ready>> {
        Arc::clone(&self.ready)
    }

    /// Adds the job's tasks that may start, now or later, and notes those that run.
    pub(crate) fn add(&mut self, job: &Job) {
        for (task, row) in runs(job) {
            self.ready.write().start(&job.organisation, job.id, task, &row);
        }
        for (entry, not_before, task) in entries(job) {
            match not_before {
                Some(at) => {
                    self.waiting.insert((at, job.organisation.clone(), entry), row(job, task));
                }
                None => self.ready.write().insert(&job.organisation, entry, row(job, task)),
            }
        }
    }

    /// Removes them again; `job` must be as it was when added.
    pub(crate) fn remove(&mut self, job: &Job) {
        for (entry, not_before, _) in entries(job) {
            if let Some(at) = not_before {
                self.waiting.remove(&(at, job.organisation.clone(), entry));
            }
            // Also what waited once: it is moved here when its time comes.
            self.ready.write().remove(&job.organisation, &entry);
        }
        for (task, _) in runs(job) {
            self.ready.write().stop(&job.organisation, job.id, task);
        }
    }

    /// Nothing of this job, which could not be read, runs any more, as far as others of its session are concerned.
    pub(crate) fn forget_runs(&mut self, (organisation, id): &Place) {
        self.ready.write().stop_all(organisation, *id);
    }

    /// The next task that may start at `now`, of an organisation that is not `done`: that of the one that has the fewest
    /// running. Those that have as many take turns.
    pub(crate) fn next(
        &mut self,
        now: Timestamp,
        done: &BTreeSet<Organisation>,
        running: impl Fn(&Organisation) -> usize,
    ) -> Option<(Organisation, Entry)> {
        self.wake(now);
        self.ready.read().next(self.turn.as_ref(), done, running)
    }

    /// Takes what was the next one; it is the turn of others then.
    pub(crate) fn take(&mut self, organisation: &Organisation, entry: &Entry) {
        self.ready.write().remove(organisation, entry);
        self.turn = Some(organisation.clone());
    }

    /// Moves those whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while self.waiting.first_key_value().is_some_and(|((at, ..), _)| *at <= now) {
            if let Some(((_, organisation, entry), row)) = self.waiting.pop_first() {
                self.ready.write().insert(&organisation, entry, row);
            }
        }
    }

    /// When the next task is due that has to wait at `now`.
    pub(crate) fn next_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        // A job that is written comes back here with all its tasks, also those whose time has come.
        self.wake(now);
        self.waiting.first_key_value().map(|((at, ..), _)| *at)
    }
}
