//! What the server has in memory of its schedules: when each fires next, and whether its last job goes on.
//!
//! Fire times lie in a heap, so that it is known without looking at every schedule which is the next. An entry of the heap
//! that is of an earlier state of its schedule counts for nothing; it goes at its time, or where such entries are the most.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::{Arc, Weak};

use analyte_core::job::Job;
use analyte_core::names::{JobId, Organisation, ScheduleId};
use analyte_core::schedule::cron::CronTimes;
use analyte_core::schedule::{BadWhen, Schedule, Times, When};
use analyte_core::timestamp::Timestamp;
use analyte_store::KeptSchedule;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::schedule::template::Pinned;

/// Entries of the heap that may be there beside two for each schedule.
const SPARE: usize = 64;

/// A schedule, as the timer knows it.
#[derive(Debug)]
struct Entry {
    organisation: Organisation,
    times: Times,
    active: bool,
    /// Its fire times pass while its last job goes on.
    continuous: bool,
    /// Until when its last job may begin; `None`: at any time, or there is none.
    until: Option<Timestamp>,
    /// Which entry of the heap counts.
    version: u64,
    /// The last job, and whether it goes on as far as this process knows: what another process did is not seen here.
    last_job: Option<(JobId, bool)>,
    waits: bool,
    /// What the template's tasks were found to run on when that was not what they were submitted to.
    checked: Option<Vec<Pinned>>,
}

#[derive(Debug, Default)]
struct Entries {
    by_id: HashMap<ScheduleId, Entry>,
    /// The short ids of all of them, also of those whose rule cannot be used.
    by_number: HashMap<u64, (Organisation, ScheduleId)>,
    next: BinaryHeap<Reverse<(Timestamp, ScheduleId, u64)>>,
    /// Schedules to be looked at now, whatever their time.
    at_once: BTreeSet<ScheduleId>,
    /// Counts the entries of the heap.
    version: u64,
    /// Expressions that were read before: many schedules may have the same.
    read: HashMap<(String, String), Weak<CronTimes>>,
}

/// All schedules.
#[derive(Debug, Default)]
pub(crate) struct Timetable {
    entries: Mutex<Entries>,
    /// Something is to be looked at sooner than was known.
    pub(crate) wake: Notify,
}

impl Entries {
    fn times(&mut self, schedule: &Schedule) -> Result<Times, BadWhen> {
        let When::Cron { expression, time_zone } = &schedule.when else { return schedule.times() };
        let key = (expression.clone(), time_zone.clone());
        if let Some(read) = self.read.get(&key).and_then(Weak::upgrade) {
            return Ok(Times::of_cron(read, schedule.start_at, schedule.stop_at));
        }
        if self.read.len() > 2 * self.by_id.len() {
            self.read.retain(|_, read| read.strong_count() > 0);
        }
        let cron = Arc::new(CronTimes::parse(expression, time_zone)?);
        self.read.insert(key, Arc::downgrade(&cron));
        Ok(Times::of_cron(cron, schedule.start_at, schedule.stop_at))
    }

    fn plan(&mut self, id: ScheduleId, after: Timestamp, now: Timestamp) {
        self.version += 1;
        let Some(entry) = self.by_id.get_mut(&id) else { return };
        entry.version = self.version;
        let goes_on = entry.last_job.is_some_and(|(_, goes_on)| goes_on);
        // What passes while the last job goes on is looked at when that has ended. Its end may not be seen here: each fire time
        // looks for it.
        let after = if entry.continuous && goes_on { after.max(now) } else { after };
        let fires = entry.times.next_after(after).filter(|_| entry.active);
        let closes = entry.until.filter(|until| goes_on && *until > now);
        if let Some(next) = fires.into_iter().chain(closes).min() {
            self.next.push(Reverse((next, id, self.version)));
        }
        if entry.active && entry.waits && !goes_on {
            self.at_once.insert(id);
        }
        if self.next.len() > 2 * self.by_id.len() + SPARE {
            let by_id = &self.by_id;
            self.next.retain(|Reverse((_, id, version))| by_id.get(id).is_some_and(|entry| entry.version == *version));
        }
    }
}

impl Timetable {
    /// Takes up a schedule as it is kept, and says when it fires next.
    pub(crate) fn put(&self, kept: &KeptSchedule, now: Timestamp) {
        let KeptSchedule { schedule, state } = kept;
        let mut entries = self.entries.lock();
        entries.by_number.insert(schedule.number, (schedule.organisation.clone(), schedule.id));
        let times = match entries.times(schedule) {
            Ok(times) => times,
            Err(error) => {
                // It was checked when it was made: only another version of the server can think otherwise.
                tracing::error!(schedule = %schedule.id, %error, "a schedule does not fire: its rule cannot be used");
                entries.by_id.remove(&schedule.id);
                return;
            }
        };
        let before = entries.by_id.remove(&schedule.id);
        let waits = !state.waiting.is_empty();
        let until = state.last_fired.and_then(|fired| times.open_until(fired));
        let continuous = schedule.when.is_continuous();
        if before.is_none() && (waits || until.is_some() || continuous) {
            // After a start: the last job may have ended before, or its time to begin.
            entries.at_once.insert(schedule.id);
        }
        let goes_on = |job: JobId| {
            let known = before.as_ref().and_then(|before| before.last_job).filter(|(before, _)| *before == job);
            // After a start it may go on, which is looked at before it counts.
            known.is_none_or(|(_, goes_on)| goes_on)
        };
        let entry = Entry {
            organisation: schedule.organisation.clone(),
            times,
            active: schedule.active,
            continuous,
            until,
            version: 0,
            last_job: state.last_job.map(|job| (job, goes_on(job))),
            waits,
            checked: before.and_then(|before| before.checked),
        };
        entries.by_id.insert(schedule.id, entry);
        entries.plan(schedule.id, state.settled.cursor(now), now);
        drop(entries);
        self.wake.notify_one();
    }

    /// The fire times of a schedule; `None`: its rule cannot be used.
    pub(crate) fn times(&self, schedule: &Schedule) -> Option<Times> {
        self.entries.lock().times(schedule).ok()
    }

    pub(crate) fn remove(&self, id: ScheduleId) {
        let mut entries = self.entries.lock();
        entries.by_id.remove(&id);
        entries.by_number.retain(|_, (_, of)| *of != id);
    }

    /// The schedule of an organisation that has this short id.
    pub(crate) fn numbered(&self, organisation: &Organisation, number: u64) -> Option<ScheduleId> {
        let entries = self.entries.lock();
        entries.by_number.get(&number).filter(|(of, _)| of == organisation).map(|(_, id)| *id)
    }

    /// Up to `most` schedules that are to be looked at now.
    pub(crate) fn take_due(&self, now: Timestamp, most: usize) -> Vec<(Organisation, ScheduleId)> {
        let mut entries = self.entries.lock();
        let mut due = Vec::new();
        while due.len() < most {
            let Some(id) = entries.at_once.pop_first() else { break };
            due.extend(entries.by_id.get(&id).map(|entry| (entry.organisation.clone(), id)));
        }
        while due.len() < most {
            let Some(Reverse((at, id, version))) = entries.next.peek().copied() else { break };
            if at > now {
                break;
            }
            entries.next.pop();
            let entry = entries.by_id.get(&id).filter(|entry| entry.version == version);
            due.extend(entry.map(|entry| (entry.organisation.clone(), id)));
        }
        due
    }

    /// When the next one fires; `None`: none does.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.entries.lock().next.peek().map(|Reverse((at, ..))| *at)
    }

    /// Has a schedule looked at as soon as there is time for it.
    pub(crate) fn look_at(&self, id: ScheduleId) {
        self.entries.lock().at_once.insert(id);
        self.wake.notify_one();
    }

    /// Has all schedules looked at: the clock was set.
    pub(crate) fn look_at_all(&self) {
        let mut entries = self.entries.lock();
        let Entries { by_id, at_once, .. } = &mut *entries;
        at_once.extend(by_id.keys().copied());
    }

    /// Notes that a firing of a schedule gives this job, before it does: it may have ended before the store has answered.
    pub(crate) fn gives(&self, id: ScheduleId, job: JobId) {
        if let Some(entry) = self.entries.lock().by_id.get_mut(&id) {
            entry.last_job = Some((job, true));
        }
    }

    /// Whether this job goes on as far as this process knows.
    pub(crate) fn goes_on(&self, id: ScheduleId, job: JobId) -> bool {
        let entries = self.entries.lock();
        let known = entries.by_id.get(&id).and_then(|entry| entry.last_job);
        known.is_none_or(|(last, goes_on)| last != job || goes_on)
    }

    /// Notes what became of a job of a schedule.
    pub(crate) fn changed(&self, job: &Job) {
        let Some(by) = job.schedule else { return };
        let mut entries = self.entries.lock();
        let Some(entry) = entries.by_id.get_mut(&by.id) else { return };
        if let Some((_, goes_on)) = entry.last_job.as_mut().filter(|(last, _)| *last == job.id) {
            *goes_on = !job.status.ended();
        }
        if (entry.waits || entry.continuous) && job.status.ended() {
            entries.at_once.insert(by.id);
            self.wake.notify_one();
        }
    }

    /// Notes that the template of a schedule fits what its tasks run on now.
    pub(crate) fn fits(&self, id: ScheduleId, pins: Vec<Pinned>) {
        if let Some(entry) = self.entries.lock().by_id.get_mut(&id) {
            entry.checked = Some(pins);
        }
    }

    /// Whether it was found to fit this.
    pub(crate) fn is_known_to_fit(&self, id: ScheduleId, pins: &[Pinned]) -> bool {
        let entries = self.entries.lock();
        entries.by_id.get(&id).and_then(|entry| entry.checked.as_deref()) == Some(pins)
    }
}
