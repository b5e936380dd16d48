//! Making, replacing and removing schedules.

use analyte_core::codes::Code;
use analyte_core::job::Job;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Schedule, When};
use analyte_core::timestamp::Timestamp;
use analyte_store::{KeptSchedule, NewContent, NewSchedule, ScheduleKept};

use crate::detached::detached;
use crate::error::JobsError;
use crate::intake::submission::Submission;
use crate::manager::Manager;
use crate::schedule::asked::ScheduleAsked;
use crate::schedule::view::{ScheduleView, no_schedule};

/// How often a replacement is made again because a client replaced the schedule at the same time.
const TRIES: usize = 4;

impl Manager {
    /// Makes a schedule. Its template is checked as a submission is.
    pub async fn create_schedule(
        &self,
        organisation: &Organisation,
        mut asked: ScheduleAsked,
    ) -> Result<ScheduleView, JobsError> {
        self.refuse_while_stopping()?;
        let now = self.now();
        asked.check(&self.inner.limits, now)?;
        let template = asked.template.take().ok_or_else(|| JobsError::invalid("a new schedule needs a template"))?;
        let template = self.template_of(organisation, &template).await?;
        self.keep_new_schedule(organisation, asked, template, now).await
    }

    /// Keeps a schedule that was checked, with this template.
    pub(super) async fn keep_new_schedule(
        &self,
        organisation: &Organisation,
        asked: ScheduleAsked,
        (template, contents): (Job, Vec<NewContent>),
        now: Timestamp,
    ) -> Result<ScheduleView, JobsError> {
        let anchor = asked.anchor(now);
        let ScheduleAsked { name, description, custom_data, when, start_at, stop_at, active, overlap, .. } = asked;
        let ScheduleAsked { set_aside, catch_up, created_by, .. } = asked;
        let mut schedule = Schedule {
            id: ScheduleId(self.new_id()),
            number: 0,
            organisation: organisation.clone(),
            name,
            description,
            custom_data,
            when,
            set_aside,
            anchor,
            start_at,
            stop_at,
            active,
            overlap,
            catch_up,
            template,
            created_at: now,
            created_by,
            changed_at: None,
            revision: 0,
        };
        let most = self.inner.limits.schedules;
        let manager = self.clone();
        let kept = detached(async move {
            let now = manager.now();
            if schedule.when == When::Once {
                // It fires after the time from which on it may fire.
                schedule.anchor = now;
            }
            let kept = manager.inner.store.create_schedule(NewSchedule { schedule, contents }, most, now).await?;
            if let ScheduleKept::Kept(kept) = &kept {
                manager.inner.timetable.put(kept, manager.now());
            }
            Ok(kept)
        })
        .await?;
        match kept {
            ScheduleKept::Kept(kept) => Ok(self.schedule_view(kept)),
            ScheduleKept::Full { has } => {
                let message = format!("the organisation has {has} schedules, and {most} are allowed (limit schedules)");
                Err(JobsError::conflict(message))
            }
            ScheduleKept::NotFound | ScheduleKept::Changed { .. } => {
                Err(JobsError::new(Code::HostError, "the schedule was not kept"))
            }
        }
    }

    /// Puts another in place of a schedule, which keeps its id, its number and its history; with `revision`, only if it
    /// has that revision still, else refused with `conflict`. Where it fires at other times from now on, or is switched on
    /// or off, what it missed and what waits is forgotten.
    pub async fn replace_schedule(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        asked: ScheduleAsked,
        revision: Option<u64>,
    ) -> Result<ScheduleView, JobsError> {
        self.refuse_while_stopping()?;
        let now = self.now();
        asked.check(&self.inner.limits, now)?;
        // Before the template is looked at: there may be none to be replaced.
        self.kept_schedule(organisation, id).await?;
        let template = match &asked.template {
            Some(template) => Some(self.template_of(organisation, template).await?),
            None => None,
        };
        for _ in 0..TRIES {
            let old = self.kept_schedule(organisation, id).await?.schedule;
            if revision.is_some_and(|revision| revision != old.revision) {
                break;
            }
            let begins = asked.anew
                || old.when != asked.when
                || old.start_at != asked.start_at
                || old.stop_at != asked.stop_at
                || old.active != asked.active;
            let anchor =
                if old.when == asked.when && old.start_at == asked.start_at { old.anchor } else { asked.anchor(now) };
            let mut schedule = Schedule {
                name: asked.name.clone(),
                description: asked.description.clone(),
                custom_data: asked.custom_data.clone(),
                when: asked.when.clone(),
                set_aside: asked.set_aside.clone(),
                anchor,
                start_at: asked.start_at,
                stop_at: asked.stop_at,
                active: asked.active,
                overlap: asked.overlap,
                catch_up: asked.catch_up,
                changed_at: Some(now),
                ..Schedule::clone(&old)
            };
            let mut contents = Vec::new();
            if let Some((template, given)) = &template {
                schedule.template = template.clone();
                contents.clone_from(given);
            }
            let manager = self.clone();
            let kept = detached(async move {
                let begins = begins.then(|| manager.now());
                if let Some(now) = begins.filter(|_| schedule.when == When::Once) {
                    schedule.anchor = now;
                }
                let new = NewSchedule { schedule, contents };
                let kept = manager.inner.store.replace_schedule(new, old.revision, begins).await?;
                if let ScheduleKept::Kept(kept) = &kept {
                    manager.inner.timetable.put(kept, manager.now());
                }
                Ok(kept)
            })
            .await?;
            match kept {
                ScheduleKept::Kept(kept) => return Ok(self.schedule_view(kept)),
                ScheduleKept::NotFound => return Err(no_schedule(id)),
                ScheduleKept::Changed { .. } | ScheduleKept::Full { .. } => {}
            }
        }
        Err(JobsError::conflict("the schedule was changed meanwhile; read it again, then change it"))
    }

    /// Removes a schedule with its history. Its jobs stay.
    pub async fn remove_schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<(), JobsError> {
        let (manager, organisation) = (self.clone(), organisation.clone());
        let removed = detached(async move {
            let removed = manager.inner.store.remove_schedule(&organisation, id).await?;
            if removed {
                manager.inner.timetable.remove(id);
            }
            Ok(removed)
        })
        .await?;
        if removed { Ok(()) } else { Err(no_schedule(id)) }
    }

    /// The job that a template stands for, with the bytes of its contents.
    async fn template_of(
        &self,
        organisation: &Organisation,
        template: &Submission,
    ) -> Result<(Job, Vec<NewContent>), JobsError> {
        let prepared = self.prepared(organisation, template).await.map_err(|error| error.within("/template"))?;
        let (_, new) = prepared;
        Ok((new.job, new.contents))
    }

    pub(crate) async fn kept_schedule(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
    ) -> Result<KeptSchedule, JobsError> {
        let found = self.inner.store.schedule(organisation, id).await?;
        found.ok_or_else(|| no_schedule(id))
    }
}
