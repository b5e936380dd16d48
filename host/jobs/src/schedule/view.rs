//! Reading schedules: one, a list, what fires next, what fired, and the jobs of it.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Firing, Outcome, Schedule, ScheduleState};
use analyte_core::timestamp::Timestamp;
use analyte_store::KeptSchedule;

use crate::error::JobsError;
use crate::manager::Manager;
use crate::view::read::JobView;

/// A schedule as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleView {
    /// What it is.
    pub schedule: Arc<Schedule>,
    /// What changes with each firing.
    pub state: ScheduleState,
    /// When it fires next; `None`: it is not active, or fires no more.
    pub next: Option<Timestamp>,
}

/// Part of a list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Portion<T, C> {
    /// May be fewer than asked for even where there are more.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<C>,
}

pub(crate) fn no_schedule(id: ScheduleId) -> JobsError {
    JobsError::not_found(format_args!("schedule `{id}`"))
}

impl Manager {
    /// One schedule.
    pub async fn schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<ScheduleView, JobsError> {
        Ok(self.schedule_view(self.kept_schedule(organisation, id).await?))
    }

    /// The schedule with this short id. Costs the same however many schedules there are.
    pub fn schedule_numbered(&self, organisation: &Organisation, number: u64) -> Result<ScheduleId, JobsError> {
        let found = self.inner.timetable.numbered(organisation, number);
        found.ok_or_else(|| JobsError::not_found(format_args!("schedule `{number}`")))
    }

    /// Schedules of one organisation, newest first; `after` goes on after that one.
    pub async fn schedules(
        &self,
        organisation: &Organisation,
        after: Option<ScheduleId>,
        most: usize,
    ) -> Result<Portion<ScheduleView, ScheduleId>, JobsError> {
        let mut found = self.inner.store.schedules(organisation, after, most.saturating_add(1)).await?;
        let more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| more).map(|last| last.schedule.id);
        Ok(Portion { items: found.into_iter().map(|kept| self.schedule_view(kept)).collect(), next })
    }

    /// The next fire times of a schedule, as if it were active.
    pub async fn next_firings(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        count: usize,
    ) -> Result<Vec<Timestamp>, JobsError> {
        let KeptSchedule { schedule, state } = self.kept_schedule(organisation, id).await?;
        let Some(times) = self.inner.timetable.times(&schedule) else { return Ok(Vec::new()) };
        let now = self.now();
        let next = |after: &Timestamp| times.next_after(*after);
        Ok(std::iter::successors(next(&now.max(state.settled.cursor(now))), next).take(count).collect())
    }

    /// The history of a schedule, newest first; `before` goes on with what has a lower number.
    pub async fn schedule_history(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        before: Option<u64>,
        most: usize,
    ) -> Result<Portion<Firing, u64>, JobsError> {
        let found = self.inner.store.firings(organisation, id, before, most.saturating_add(1)).await?;
        let mut items = found.ok_or_else(|| no_schedule(id))?;
        let more = items.len() > most;
        items.truncate(most);
        let next = items.last().filter(|_| more).map(|last| last.number);
        Ok(Portion { items, next })
    }

    /// The jobs that a schedule submitted and that are still there, newest first.
    pub async fn schedule_jobs(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        before: Option<u64>,
        most: usize,
    ) -> Result<Portion<JobView, u64>, JobsError> {
        let Portion { items, next } = self.schedule_history(organisation, id, before, most).await?;
        let mut jobs: Vec<Arc<Job>> = Vec::with_capacity(items.len());
        for firing in items {
            if let Outcome::Job { job } = firing.outcome {
                jobs.extend(self.inner.store.job(organisation, job).await?);
            }
        }
        Ok(Portion { items: self.views(organisation, jobs).await?, next })
    }

    pub(crate) fn schedule_view(&self, kept: KeptSchedule) -> ScheduleView {
        let KeptSchedule { schedule, state } = kept;
        let now = self.now();
        let times = self.inner.timetable.times(&schedule).filter(|_| schedule.active);
        let next = times.and_then(|times| times.next_after(state.settled.cursor(now)));
        ScheduleView { schedule, state, next }
    }
}
