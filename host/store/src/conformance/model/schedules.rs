//! Schedules, and what they fire.

use analyte_core::job::Job;
use analyte_core::names::ScheduleId;
use analyte_core::schedule::{
    CatchUp, Cause, FiredBy, Firing, Outcome, Overlap, Schedule, ScheduleState, Span, Step as FiringStep, When,
};
use uuid::Uuid;

use super::{
    LARGE, Model, NewContent, Organisation, Status, Step, Store, StoreError, Timestamp, job_with, organisation, said,
    same,
};
use crate::conformance::jobs::id;
use crate::{Fired, FiredJob, KeptSchedule, NewFiring, NewSchedule, ScheduleKept};

/// Entries of a history that are kept.
const KEEP: u64 = 3;

/// A schedule as the model has it.
pub(super) struct Held {
    schedule: Schedule,
    state: ScheduleState,
    /// Oldest first.
    history: Vec<Firing>,
}

impl Held {
    fn kept(&self) -> KeptSchedule {
        KeptSchedule { schedule: self.schedule.clone().into(), state: self.state.clone() }
    }
}

impl Model {
    pub(super) async fn schedule_step(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        match step {
            Step::PutSchedule { pick, large, new, begin, stale } => {
                let place = (!new).then(|| self.pick_schedule(pick)).flatten();
                match place {
                    None => self.create_schedule(store, organisation(pick), large).await,
                    Some(place) => self.replace_schedule(store, place, large, begin, stale).await,
                }
            }
            Step::RemoveSchedule { pick } => {
                let Some(place) = self.pick_schedule(pick) else { return Ok(()) };
                let other = organisation(usize::from(place.0 == organisation(0)));
                same("remove a schedule of others", &said(store.remove_schedule(&other, place.1).await)?, &false)?;
                same("remove_schedule", &said(store.remove_schedule(&place.0, place.1).await)?, &true)?;
                let gone = self.schedules.remove(&place);
                same("remove_schedule twice", &said(store.remove_schedule(&place.0, place.1).await)?, &false)?;
                for content in gone.iter().flat_map(|gone| super::contents(&gone.schedule.template)) {
                    let left = store.schedule_content(&place.0, place.1, &content).await;
                    same("content of a removed schedule", &matches!(left, Err(StoreError::Missing(_))), &true)?;
                }
                Ok(())
            }
            Step::Fire { pick, time, what, stale, cap } => self.fire(store, pick, time, what, stale, cap).await,
            _ => Ok(()),
        }
    }

    fn pick_schedule(&self, number: usize) -> Option<(Organisation, ScheduleId)> {
        self.schedules.keys().nth(number.checked_rem(self.schedules.len())?).cloned()
    }

    fn template(&mut self, of: &Organisation, large: bool) -> Result<(Job, Vec<NewContent>), String> {
        self.submitted += 1;
        let size = if large { LARGE } else { 100 };
        let (job, contents) =
            job_with(of.as_str(), self.submitted, self.now, &[&[]], size).ok_or("a job that is none")?;
        for bytes in &contents {
            self.keep(bytes);
        }
        Ok((job, contents.into_iter().map(NewContent::Bytes).collect()))
    }

    async fn create_schedule(&mut self, store: &dyn Store, of: Organisation, large: bool) -> Result<(), String> {
        let (template, contents) = self.template(&of, large)?;
        let schedule = Schedule {
            id: ScheduleId(template.id.0),
            number: 0,
            organisation: of.clone(),
            name: "every minute".to_owned(),
            description: None,
            custom_data: None,
            when: When::Cron { expression: "* * * * *".to_owned(), time_zone: "Europe/Berlin".to_owned() },
            set_aside: None,
            anchor: self.now,
            start_at: None,
            stop_at: None,
            active: true,
            overlap: Overlap::Queue,
            catch_up: CatchUp::All { window_ms: 7 },
            template,
            created_at: self.now,
            created_by: None,
            changed_at: None,
            revision: 0,
        };
        let none = NewSchedule { schedule: schedule.clone(), contents: Vec::new() };
        let incomplete = store.create_schedule(none, 3, self.now).await;
        let has = self.schedules.keys().filter(|(organisation, _)| *organisation == of).count() as u64;
        if has < 3 {
            same("a schedule without its contents", &matches!(incomplete, Err(StoreError::Missing(_))), &true)?;
        }
        let new = NewSchedule { schedule: schedule.clone(), contents };
        let got = said(store.create_schedule(new, 3, self.now).await)?;
        if has >= 3 {
            return same("create_schedule", &got, &ScheduleKept::Full { has });
        }
        self.schedule_numbers += 1;
        let schedule = Schedule { number: self.schedule_numbers, revision: 1, ..schedule };
        let held = Held { schedule, state: ScheduleState::new(self.now), history: Vec::new() };
        same("create_schedule", &got, &ScheduleKept::Kept(held.kept()))?;
        self.schedules.insert((of, held.schedule.id), held);
        Ok(())
    }

    async fn replace_schedule(
        &mut self,
        store: &dyn Store,
        place: (Organisation, ScheduleId),
        large: bool,
        begin: bool,
        stale: bool,
    ) -> Result<(), String> {
        // One that keeps its template, where it is not to begin anew.
        let template = if begin { Some(self.template(&place.0, large)?) } else { None };
        let now = self.now;
        let Some(held) = self.schedules.get_mut(&place) else { return Ok(()) };
        let mut schedule = Schedule { active: !held.schedule.active, changed_at: Some(now), ..held.schedule.clone() };
        let mut contents = Vec::new();
        if let Some((template, given)) = template {
            schedule.template = template;
            contents = given;
        }
        let revision = held.schedule.revision;
        let asked = if stale { revision + 1 } else { revision };
        let new = NewSchedule { schedule: schedule.clone(), contents };
        let got = said(store.replace_schedule(new, asked, begin.then_some(now)).await)?;
        if stale {
            return same("replace a changed schedule", &got, &ScheduleKept::Changed { revision });
        }
        held.schedule = Schedule { revision: revision + 1, ..schedule };
        if begin {
            held.state.begin(now);
        }
        same("replace_schedule", &got, &ScheduleKept::Kept(held.kept()))
    }

    async fn fire(
        &mut self,
        store: &dyn Store,
        pick: usize,
        time: u8,
        what: u8,
        stale: bool,
        cap: u64,
    ) -> Result<(), String> {
        let Some(place) = self.pick_schedule(pick) else { return Ok(()) };
        let now = self.now;
        self.submitted += 1;
        let job_id = id(now, self.submitted);
        let queued =
            self.jobs.values().filter(|job| job.organisation == place.0 && job.status == Status::Queued).count() as u64;
        let Some(held) = self.schedules.get_mut(&place) else { return Ok(()) };
        let fire_time = Timestamp(super::START + i64::from(time) * 1_000);
        let cause = match what % 4 {
            0 => Cause::Launched,
            1 => Cause::Waited,
            _ => Cause::Due(Span::only(fire_time)),
        };
        let outcome = match what % 6 {
            3 => Outcome::Waiting,
            5 => Outcome::Missed { last: fire_time },
            _ => Outcome::Job { job: job_id },
        };
        let step = FiringStep { fire_time, cause, outcome };
        let job = matches!(step.outcome, Outcome::Job { .. }).then(|| Job {
            id: job_id,
            created_at: now,
            schedule: Some(FiredBy { id: place.1, number: None, fire_time }),
            ..held.schedule.template.clone()
        });
        let revision = held.schedule.revision + u64::from(stale);
        let new = NewFiring {
            organisation: place.0.clone(),
            schedule: place.1,
            revision,
            step: step.clone(),
            job: job.clone().map(|job| FiredJob { job, queue_cap: cap }),
            keep: KEEP,
        };
        let got = said(store.fire(vec![new.clone()], now).await)?;
        let mut changed = held.state.clone();
        let expected = match changed.take(step, now) {
            _ if stale => Fired::Changed,
            Err(refusal) => Fired::Refused(refusal),
            Ok(_) if job.is_some() && queued >= cap => Fired::QueueFull { queued },
            Ok(firing) => {
                held.state = changed;
                held.history.push(firing.clone());
                Fired::Kept(firing)
            }
        };
        same("fire", &got, &vec![expected.clone()])?;
        if let (Fired::Kept(_), Some(job)) = (&expected, job) {
            self.changes.push(((place.0.clone(), job_id), Status::Queued, now));
            self.jobs.insert((place.0.clone(), job_id), job);
            self.note(&(place.0.clone(), job_id), None);
        }
        // The same firing again, as one that another node makes at the same time.
        if matches!((&expected, cause), (Fired::Kept(_), Cause::Due(_))) {
            let again = said(store.fire(vec![new], now).await)?;
            same("fire twice", &matches!(again.as_slice(), [Fired::Refused(_)]), &true)?;
        }
        Ok(())
    }

    pub(super) async fn check_schedules(&self, store: &dyn Store) -> Result<(), String> {
        for number in 0..3 {
            let of = organisation(number);
            let own: Vec<_> =
                self.schedules.iter().rev().filter(|((organisation, _), _)| *organisation == of).collect();
            let expected: Vec<KeptSchedule> = own.iter().map(|(_, held)| held.kept()).collect();
            same("schedules", &said(store.schedules(&of, None, 9).await)?, &expected)?;
            if let Some((first, rest)) = expected.split_first() {
                let got = said(store.schedules(&of, Some(first.schedule.id), 9).await)?;
                same("schedules after one", &got.as_slice(), &rest)?;
            }
        }
        let (mut got, mut after) = (Vec::new(), None);
        loop {
            let portion = said(store.all_schedules(after, 2).await)?;
            let Some(last) = portion.last() else { break };
            after = Some((last.schedule.organisation.clone(), last.schedule.id));
            got.extend(portion);
        }
        same("all schedules", &got, &self.schedules.values().map(Held::kept).collect())?;
        for ((of, id), held) in &self.schedules {
            same("schedule", &said(store.schedule(of, *id).await)?, &Some(held.kept()))?;
            let several = vec![(of.clone(), *id), (of.clone(), ScheduleId(Uuid::max()))];
            same("schedules_of", &said(store.schedules_of(several).await)?, &vec![Some(held.kept()), None])?;
            let kept = usize::try_from(KEEP).unwrap();
            let history: Vec<Firing> = held.history.iter().rev().take(kept).cloned().collect();
            same("firings", &said(store.firings(of, *id, None, 9).await)?, &Some(history.clone()))?;
            if let Some((first, rest)) = history.split_first() {
                let got = said(store.firings(of, *id, Some(first.number), 9).await)?;
                same("earlier firings", &got.as_deref(), &Some(rest))?;
            }
            for content in super::contents(&held.schedule.template) {
                let got = said(store.schedule_content(of, *id, &content).await)?;
                same("content of a schedule", &got, &self.bytes[&content.digest])?;
            }
            let other = organisation(usize::from(*of == organisation(0)));
            same("a schedule of others", &said(store.schedule(&other, *id).await)?, &None)?;
            same("a history of others", &said(store.firings(&other, *id, None, 9).await)?, &None)?;
        }
        let unknown = ScheduleId(Uuid::max());
        same("no schedule", &said(store.schedule(&organisation(0), unknown).await)?, &None)
    }
}
