//! Fires schedules: what is due of each, as jobs and as entries of its history.

use std::collections::HashSet;
use std::time::Instant;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::transition::Event;
use analyte_core::names::{JobId, Organisation, ScheduleId};
use analyte_core::schedule::due::{Due, ON_TIME_MS, due};
use analyte_core::schedule::{Cause, Outcome, Overlap, Schedule, ScheduleState, Span, Step, Times};
use analyte_core::timestamp::Timestamp;
use analyte_store::{Fired, FiredJob, KeptSchedule, NewFiring, StoreError};

use crate::error::JobsError;
use crate::intake::submit::queue_full;
use crate::manager::Manager;
use crate::schedule::template::Made;

/// Schedules that are fired together.
struct Round<'m> {
    manager: &'m Manager,
    now: Timestamp,
    kept: Vec<KeptSchedule>,
    planned: Vec<Planned>,
    /// Schedules that have to be looked at again at once.
    again: Vec<ScheduleId>,
}

/// A firing to be kept.
struct Planned {
    /// The place of its schedule in the round.
    of: usize,
    step: Step,
    /// The job, where there is one.
    made: Option<Made>,
}

impl Manager {
    /// Looks at these schedules and fires what is due of them. Says which of them have to be looked at again at once.
    pub(crate) async fn fire_due(&self, due: Vec<(Organisation, ScheduleId)>) -> Result<Vec<ScheduleId>, JobsError> {
        let found = self.inner.store.schedules_of(due.clone()).await?;
        let mut kept = Vec::with_capacity(found.len());
        for ((_, id), found) in due.into_iter().zip(found) {
            match found {
                Some(found) => kept.push(found),
                None => self.inner.timetable.remove(id),
            }
        }
        let mut round = Round { manager: self, now: self.now(), kept, planned: Vec::new(), again: Vec::new() };
        for of in 0..round.kept.len() {
            round.plan(of).await?;
        }
        round.keep().await?;
        for kept in &round.kept {
            self.inner.timetable.put(kept, round.now);
        }
        Ok(round.again)
    }

    /// A firing as the store takes it.
    pub(crate) fn new_firing(&self, schedule: &Schedule, step: Step, made: Option<&Made>) -> NewFiring {
        let queue_cap = self.queue_cap(&schedule.organisation);
        NewFiring {
            organisation: schedule.organisation.clone(),
            schedule: schedule.id,
            revision: schedule.revision,
            step,
            job: made.map(|made| FiredJob { job: made.job.clone(), queue_cap }),
            keep: self.inner.limits.schedule_history,
        }
    }
}

impl Round<'_> {
    /// Plans what is to be kept of one schedule.
    async fn plan(&mut self, of: usize) -> Result<(), JobsError> {
        let Some(KeptSchedule { schedule, state }) = self.kept.get(of).cloned() else { return Ok(()) };
        let Some(times) = self.manager.inner.timetable.times(&schedule).filter(|_| schedule.active) else {
            return Ok(());
        };
        let late = state.last_fired.and_then(|fired| times.open_until(fired)).filter(|until| *until <= self.now);
        if late.is_some()
            && let Some(job) = self.last_that_goes_on(&schedule, state.last_job).await?
        {
            self.close(&schedule, job).await?;
        }
        if schedule.when.is_continuous() {
            return self.follow_on(of, &schedule, &state, &times).await;
        }
        let most = self.manager.inner.limits.schedule_catch_up;
        let found = due(&times, &state.settled, self.now, schedule.catch_up, most);
        let Due { missed, fire } = found.unwrap_or_default();
        if let Some((first, last)) = missed {
            let step =
                Step { fire_time: first, cause: Cause::Due(Span::mark(last)), outcome: Outcome::Missed { last } };
            self.planned.push(Planned { of, step, made: None });
        }
        if fire.is_empty() && state.waiting.is_empty() {
            return Ok(());
        }
        let mut goes_on = self.last_that_goes_on(&schedule, state.last_job).await?;
        let mut waiting = state.waiting.len() as u64;
        for closed in state.waiting.iter().filter(|at| times.open_until(**at).is_some_and(|until| until <= self.now)) {
            let step = Step { fire_time: *closed, cause: Cause::Waited, outcome: Outcome::Missed { last: *closed } };
            self.planned.push(Planned { of, step, made: None });
            waiting -= 1;
        }
        let open = |at: &&Timestamp| times.open_until(**at).is_none_or(|until| until > self.now);
        if let (Some(first), None) = (state.waiting.iter().find(open), goes_on) {
            goes_on = self.fire(of, &schedule, *first, Cause::Waited).await;
            waiting -= 1;
        }
        // Whether the job that goes on is one of this round.
        let mut new = false;
        for (fire_time, span) in fire {
            let cause = Cause::Due(span);
            let before = goes_on.or(state.last_job.filter(|_| waiting > 0));
            let outcome = match (before, schedule.overlap) {
                (None, _) => None,
                (Some(job), Overlap::Skip) if !new => Some(Outcome::Skipped { job }),
                // Those that are made up for together run one after the other.
                (Some(_), Overlap::Skip | Overlap::Queue) => Some(self.waits(waiting)),
                (Some(_), Overlap::CancelPrevious) if new => {
                    self.again.push(schedule.id);
                    break;
                }
                (Some(job), Overlap::CancelPrevious) => {
                    self.cancel_previous(&schedule, job).await?;
                    None
                }
            };
            if let Some(outcome) = outcome {
                waiting += u64::from(outcome == Outcome::Waiting);
                self.planned.push(Planned { of, step: Step { fire_time, cause, outcome }, made: None });
            } else {
                goes_on = self.fire(of, &schedule, fire_time, cause).await;
                new = goes_on.is_some();
            }
        }
        Ok(())
    }

    /// Plans the next job of a schedule whose jobs follow each other: where the last one has ended, at the last fire time that
    /// passed. Those before it are settled with it.
    async fn follow_on(
        &mut self,
        of: usize,
        schedule: &Schedule,
        state: &ScheduleState,
        times: &Times,
    ) -> Result<(), JobsError> {
        let from = state.settled.cursor(self.now);
        let Some(at) = times.last_within(from, self.now) else { return Ok(()) };
        if self.last_that_goes_on(schedule, state.last_job).await?.is_none() {
            self.fire(of, schedule, at, Cause::Due(Span { from, to: at })).await;
        }
        Ok(())
    }

    /// Cancels a job of which nothing has begun: the time in which it might begin is over. One that has begun goes on.
    async fn close(&self, schedule: &Schedule, job: JobId) -> Result<(), JobsError> {
        let reason = format!("the time in which schedule `{}` lets it begin is over", schedule.name);
        let jobs = vec![job];
        self.manager.cancel_all_waiting(&schedule.organisation, jobs, reason).await?;
        Ok(())
    }

    /// The last job, if it has not ended.
    async fn last_that_goes_on(&self, schedule: &Schedule, last: Option<JobId>) -> Result<Option<JobId>, JobsError> {
        let inner = &self.manager.inner;
        let Some(last) = last.filter(|last| inner.timetable.goes_on(schedule.id, *last)) else { return Ok(None) };
        // What is believed to go on may have ended where this process did not see it.
        let job = inner.store.job(&schedule.organisation, last).await?;
        Ok(job.filter(|job| !job.status.ended()).map(|job| job.id))
    }

    /// That a firing waits, unless as many do as may.
    fn waits(&self, waiting: u64) -> Outcome {
        let most = self.manager.inner.limits.schedule_catch_up;
        if waiting < most {
            return Outcome::Waiting;
        }
        let message = format!("{waiting} firings of the schedule wait, and {most} may (limit schedule_catch_up)");
        Outcome::Failed { failure: Failure::new(Code::Busy, message) }
    }

    async fn cancel_previous(&self, schedule: &Schedule, job: JobId) -> Result<(), JobsError> {
        let reason = format!("schedule `{}` fired again", schedule.name);
        let changed = self.manager.change(&schedule.organisation, job, Event::Cancel { reason }).await?;
        if let Some(Ok(changed)) = changed {
            self.manager.stop_late(std::slice::from_ref(&changed)).await;
        }
        Ok(())
    }

    /// Plans a firing that gives a job, or says why it cannot; answers the job.
    async fn fire(&mut self, of: usize, schedule: &Schedule, fire_time: Timestamp, cause: Cause) -> Option<JobId> {
        let (outcome, made) = match self.manager.job_of(schedule, fire_time).await {
            Ok(made) => (Outcome::Job { job: made.job.id }, Some(made)),
            Err(error) => (Outcome::Failed { failure: failure(&error) }, None),
        };
        let job = made.as_ref().map(|made| made.job.id);
        self.planned.push(Planned { of, step: Step { fire_time, cause, outcome }, made });
        job
    }

    /// Keeps what was planned.
    async fn keep(&mut self) -> Result<(), JobsError> {
        let (manager, begun) = (self.manager, Instant::now());
        // From here to the store's answer nothing that is installed changes.
        let gate = manager.inner.gate.clone().read_owned().await;
        let mut firings = Vec::with_capacity(self.planned.len());
        let mut places = Vec::with_capacity(self.planned.len());
        // Schedules of which something is left out: what comes after it was planned as if it were kept.
        let mut left = HashSet::new();
        for Planned { of, step, made } in std::mem::take(&mut self.planned) {
            let Some(KeptSchedule { schedule, .. }) = self.kept.get(of) else { continue };
            if left.contains(&of) || made.as_ref().is_some_and(|made| !manager.is_current(schedule, made)) {
                left.insert(of);
                self.again.push(schedule.id);
                continue;
            }
            if let Some(made) = &made {
                manager.inner.timetable.gives(schedule.id, made.job.id);
            }
            firings.push(manager.new_firing(schedule, step, made.as_ref()));
            places.push(of);
        }
        if firings.is_empty() {
            return Ok(());
        }
        let answers = self.fire_or_say_why_not(&firings).await?;
        drop(gate);
        let (mut jobs, mut refused, durable) = (0, Vec::new(), manager.now());
        for ((of, firing), answer) in places.into_iter().zip(firings).zip(answers) {
            match answer {
                Fired::Kept(entry) => {
                    if firing.job.is_some() && matches!(entry.outcome, Outcome::Job { .. }) {
                        jobs += 1;
                        manager.wake_for(&firing.organisation);
                        let late = durable.ms_since(firing.step.fire_time);
                        if matches!(firing.step.cause, Cause::Due(_)) && late < ON_TIME_MS {
                            manager.inner.metrics.fired(late);
                        }
                    }
                    self.took(of, Step { outcome: entry.outcome, ..firing.step });
                }
                // Another call changed it meanwhile, or another node fired it.
                Fired::Refused(_) | Fired::Changed | Fired::NotFound => self.again.push(firing.schedule),
                Fired::QueueFull { queued } => {
                    let error = queue_full(queued, manager.queue_cap(&firing.organisation));
                    let outcome = Outcome::Failed { failure: failure(&error) };
                    refused.push((of, NewFiring { step: Step { outcome, ..firing.step }, job: None, ..firing }));
                }
            }
        }
        if !refused.is_empty() {
            let (places, refused): (Vec<_>, Vec<_>) = refused.into_iter().unzip();
            let answers = manager.inner.store.fire(refused.clone(), manager.now()).await?;
            for ((of, firing), answer) in places.into_iter().zip(refused).zip(answers) {
                match answer {
                    Fired::Kept(_) => self.took(of, firing.step),
                    _ => self.again.push(firing.schedule),
                }
            }
        }
        if jobs > 0 {
            manager.inner.metrics.submitted(jobs, begun.elapsed());
            if self.kept.iter().any(|kept| !kept.schedule.template.webhooks.is_empty()) {
                manager.inner.notify.notify_one();
            }
        }
        Ok(())
    }

    /// Keeps firings; where the disk takes no new job, that they failed.
    async fn fire_or_say_why_not(&self, firings: &[NewFiring]) -> Result<Vec<Fired>, JobsError> {
        let store = &self.manager.inner.store;
        match store.fire(firings.to_vec(), self.manager.now()).await {
            Err(error @ StoreError::DiskFull { .. }) => {
                let error = JobsError::from(error);
                let without_job = |firing: &NewFiring| {
                    let mut firing = firing.clone();
                    if firing.job.take().is_some() {
                        firing.step.outcome = Outcome::Failed { failure: failure(&error) };
                    }
                    firing
                };
                Ok(store.fire(firings.iter().map(without_job).collect(), self.manager.now()).await?)
            }
            kept => Ok(kept?),
        }
    }

    /// Does to the schedule in memory what the store has done.
    fn took(&mut self, of: usize, step: Step) {
        if let Some(kept) = self.kept.get_mut(of)
            && kept.state.take(step, self.now).is_err()
        {
            self.again.push(kept.schedule.id);
        }
    }
}

/// Why a firing gave no job, for the history.
fn failure(error: &JobsError) -> Failure {
    Failure { details: error.details().to_vec(), ..Failure::new(error.code(), error.message()) }
}
