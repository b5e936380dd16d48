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

/// The task at this place, if it may start now or later.
fn entry(job: &Job, place: usize) -> Option<(Entry, Option<Timestamp>, &Task)> {
    let task = job.tasks.get(place).filter(|_| job.is_unblocked(place))?;
    Some((Entry { priority: job.priority, job: job.id, task: place }, job.not_before(task), task))
}

fn row(job: &Job, task: &Task) -> Option<Row> {
    job.session.clone().map(|session| (session, task.provider.clone()))
}

/// Which row others wait in for the task at this place; `None`: it does not run, or nothing waits for it.
fn run(job: &Job, place: usize) -> Option<Row> {
    job.tasks.get(place).filter(|task| task.status == Status::Running).and_then(|task| row(job, task))
}

impl Queue {
    /// For readers.
    pub(crate) fn ready(&self) -> Arc<RwLock<Ready>> {
        Arc::clone(&self.ready)
    }

    /// Adds the job's tasks that may start, now or later, and notes those that run.
    pub(crate) fn add(&mut self, job: &Job) {
        for place in 0..job.tasks.len() {
            self.add_task(job, place);
        }
    }

    fn add_task(&mut self, job: &Job, place: usize) {
        if let Some(row) = run(job, place) {
            self.ready.write().start(&job.organisation, job.id, place, &row);
        }
        match entry(job, place) {
            Some((entry, Some(at), task)) => {
                self.waiting.insert((at, job.organisation.clone(), entry), row(job, task));
            }
            Some((entry, None, task)) => self.ready.write().insert(&job.organisation, entry, row(job, task)),
            None => {}
        }
    }

    /// Removes a task again; `job` must be as it was when added.
    fn remove_task(&mut self, job: &Job, place: usize) {
        if let Some((entry, not_before, _)) = entry(job, place) {
            if let Some(at) = not_before {
                self.waiting.remove(&(at, job.organisation.clone(), entry));
            }
            // Also what waited once: it is moved here when its time comes.
            self.ready.write().remove(&job.organisation, &entry);
        }
        if run(job, place).is_some() {
            self.ready.write().stop(&job.organisation, job.id, place);
        }
    }

    /// The tasks at these places changed, and with them perhaps whether their children may start.
    pub(crate) fn change(&mut self, old: &Job, new: &Job, changed: &[usize]) {
        let mut places: BTreeSet<usize> = changed.iter().copied().collect();
        places.extend(changed.iter().flat_map(|place| new.tasks.children(*place)));
        for place in &places {
            self.remove_task(old, *place);
        }
        for place in &places {
            self.add_task(new, *place);
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
        // A task that changes comes back here, also where its time has come.
        self.wake(now);
        self.waiting.first_key_value().map(|((at, ..), _)| *at)
    }
}
