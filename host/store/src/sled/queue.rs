//! What may start next. Lives in memory only; rebuilt from the live jobs whenever the store opens.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use analyte_core::job::{Job, Status};
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use parking_lot::RwLock;

use super::ranked::Ranked;

/// A task, by its place in its job. Sorts by priority, then age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) priority: i32,
    pub(super) job: JobId,
    pub(super) task: usize,
}

/// Tasks of one organisation that may start.
#[derive(Debug, Default)]
struct Line {
    order: Ranked<Entry>,
    /// Priority and number of entries of each job.
    jobs: HashMap<JobId, (i32, usize)>,
}

impl Line {
    fn insert(&mut self, entry: Entry) {
        if self.order.insert(entry) {
            self.jobs.entry(entry.job).or_insert((entry.priority, 0)).1 += 1;
        }
    }

    fn remove(&mut self, entry: &Entry) {
        if !self.order.remove(entry) {
            return;
        }
        if let Some((_, entries)) = self.jobs.get_mut(&entry.job) {
            *entries -= 1;
            if *entries == 0 {
                self.jobs.remove(&entry.job);
            }
        }
    }
}

/// Tasks that may start, by organisation. Readers look at it beside the committer, for places only: what they see may be
/// a moment ahead of what is durable.
#[derive(Debug, Default)]
pub(super) struct Ready {
    lines: BTreeMap<Organisation, Line>,
}

impl Ready {
    fn insert(&mut self, organisation: Organisation, entry: Entry) {
        self.lines.entry(organisation).or_default().insert(entry);
    }

    fn remove(&mut self, organisation: &Organisation, entry: &Entry) {
        if let Some(line) = self.lines.get_mut(organisation) {
            line.remove(entry);
            if line.order.is_empty() {
                self.lines.remove(organisation);
            }
        }
    }

    /// How many tasks of its organisation come before the first one of this job; `None` where it has none.
    pub(super) fn place(&self, organisation: &Organisation, job: JobId) -> Option<u64> {
        let line = self.lines.get(organisation)?;
        let (priority, _) = *line.jobs.get(&job)?;
        Some(line.order.rank(&Entry { priority, job, task: 0 }))
    }
}

/// Queued tasks whose parents have completed. Holds a task exactly as long as it is such a one.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: Arc<RwLock<Ready>>,
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
    /// For readers.
    pub(super) fn ready(&self) -> Arc<RwLock<Ready>> {
        Arc::clone(&self.ready)
    }

    /// Adds the job's tasks that may start, now or later.
    pub(super) fn add(&mut self, job: &Job) {
        for (entry, not_before) in entries(job) {
            match not_before {
                Some(at) => {
                    self.waiting.insert((at, job.organisation.clone(), entry));
                }
                None => self.ready.write().insert(job.organisation.clone(), entry),
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
            self.ready.write().remove(&job.organisation, &entry);
        }
    }

    /// The next task that may start at `now`. Organisations take turns; this one keeps its turn until it is taken.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(Organisation, Entry)> {
        self.wake(now);
        let ready = self.ready.read();
        let after = self.turn.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let next = ready.lines.range::<Organisation, _>((after, Bound::Unbounded)).next();
        let (organisation, line) = next.or_else(|| ready.lines.first_key_value())?;
        Some((organisation.clone(), line.order.first()?))
    }

    /// Takes what was the next one; it is the turn of others then.
    pub(super) fn take(&mut self, organisation: &Organisation, entry: &Entry) {
        self.ready.write().remove(organisation, entry);
        self.turn = Some(organisation.clone());
    }

    /// Moves those whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while self.waiting.first().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, organisation, entry)) = self.waiting.pop_first() {
                self.ready.write().insert(organisation, entry);
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
