//! Schedules: how they are kept, and how what they fire is.

use std::sync::Arc;

use analyte_core::job::{Content, Job};
use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::schedule::{Firing, Refusal, Schedule, ScheduleState, Step};
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

use crate::contents::NewContent;
use crate::error::Result;

/// Schedules of organisations. One of one organisation is never answered to another.
#[async_trait]
pub trait Schedules: Send + Sync + 'static {
    /// Keeps a new schedule, to which the store gives its number and its revision. `most` is how many the organisation may
    /// have, this one included.
    async fn create_schedule(&self, new: NewSchedule, most: u64, now: Timestamp) -> Result<ScheduleKept>;

    /// Puts a schedule in place of the one with its id, if that has this revision still. Its number stays. What was missed
    /// before `now` is not missed any more, and what waits waits no more. `now`: `None` leaves its state as it is.
    async fn replace_schedule(&self, new: NewSchedule, revision: u64, now: Option<Timestamp>) -> Result<ScheduleKept>;

    /// Removes a schedule with its history; its jobs stay. Says whether there was one.
    async fn remove_schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<bool>;

    /// One schedule.
    async fn schedule(&self, organisation: &Organisation, id: ScheduleId) -> Result<Option<KeptSchedule>>;

    /// Several schedules, in order; `None`: there is no such schedule.
    async fn schedules_of(&self, wanted: Vec<(Organisation, ScheduleId)>) -> Result<Vec<Option<KeptSchedule>>>;

    /// Schedules of one organisation, newest first; `after` goes on after that one, whether it is still there or not.
    async fn schedules(
        &self,
        organisation: &Organisation,
        after: Option<ScheduleId>,
        most: usize,
    ) -> Result<Vec<KeptSchedule>>;

    /// Schedules of all organisations, by organisation and id. `after` goes on after that one; fewer than `most` are the
    /// last.
    async fn all_schedules(&self, after: Option<(Organisation, ScheduleId)>, most: usize) -> Result<Vec<KeptSchedule>>;

    /// Keeps firings; one answer each, in order. Each is one atomic step: its fire time is settled, its job is kept with
    /// what the template names, and the history has an entry more.
    async fn fire(&self, firings: Vec<NewFiring>, now: Timestamp) -> Result<Vec<Fired>>;

    /// The history of a schedule, newest first; `before` goes on with what has a lower number. `None`: there is no such
    /// schedule.
    async fn firings(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        before: Option<u64>,
        most: usize,
    ) -> Result<Option<Vec<Firing>>>;

    /// Bytes of a content of a schedule's template.
    async fn schedule_content(&self, organisation: &Organisation, id: ScheduleId, content: &Content) -> Result<Bytes>;
}

/// A schedule to be kept.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// What it is. Its number and its revision are those that the store gives it.
    pub schedule: Schedule,
    /// Every content that the template names; where a schedule is replaced, those that it does not have yet.
    pub contents: Vec<NewContent>,
}

/// A schedule as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptSchedule {
    /// What it is.
    pub schedule: Arc<Schedule>,
    /// What changes with each firing.
    pub state: ScheduleState,
}

/// What became of a schedule that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum ScheduleKept {
    /// It is kept.
    Kept(KeptSchedule),
    /// The organisation has as many as it may have.
    Full {
        /// How many it has.
        has: u64,
    },
    /// There is none to be replaced.
    NotFound,
    /// The one to be replaced has another revision.
    Changed {
        /// Which.
        revision: u64,
    },
}

/// A firing to be kept.
#[derive(Debug, Clone)]
pub struct NewFiring {
    /// Whose schedule.
    pub organisation: Organisation,
    /// Which.
    pub schedule: ScheduleId,
    /// The revision that the firing was made for.
    pub revision: u64,
    /// What is to be kept of it. Names the job where there is one.
    pub step: Step,
    /// The job, whose contents are those of the template.
    pub job: Option<FiredJob>,
    /// How many entries of its history are kept, this one included.
    pub keep: u64,
}

/// A job of a firing.
#[derive(Debug, Clone)]
pub struct FiredJob {
    /// As it is when it is submitted.
    pub job: Job,
    /// Most queued jobs that the organisation may have, this one included.
    pub queue_cap: u64,
}

/// What became of a firing.
#[derive(Debug, Clone, PartialEq)]
pub enum Fired {
    /// It is kept, and so is its job.
    Kept(Firing),
    /// Its fire time has fired before, or was decided on.
    Refused(Refusal),
    /// The organisation has as many queued jobs as it may have. Nothing is kept.
    QueueFull {
        /// How many it has.
        queued: u64,
    },
    /// The schedule has another revision now. Nothing is kept.
    Changed,
    /// There is no such schedule.
    NotFound,
}
