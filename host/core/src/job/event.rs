//! What clients that watch a job get: how its state changed, and what its runs reported (progress and log lines).
//!
//! An event's id says when it happened and never changes: the job's revision at that time, then the number that the
//! report has during this revision. Ids of one job rise; between two there may be gaps.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::job::{Job, MOMENTS, Progress, Status};
use crate::names::{Attempt, TaskName};
use crate::timestamp::Timestamp;

/// The most reports of runs that the store keeps for one revision of a job; it drops further ones.
pub const RUN_EVENTS_PER_REVISION: u64 = 999_999;

/// Where an event stands among those of its job. 0 stands before all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl EventId {
    /// Of the change that led to this revision.
    pub fn of_revision(revision: u64) -> Self {
        Self(revision.saturating_add(1).saturating_mul(RUN_EVENTS_PER_REVISION + 1))
    }

    /// Of the `number`th report (from 1) of a run during this revision; `None` beyond [`RUN_EVENTS_PER_REVISION`], and for 0.
    pub fn of_run_event(revision: u64, number: u64) -> Option<Self> {
        (1..=RUN_EVENTS_PER_REVISION)
            .contains(&number)
            .then(|| Self(Self::of_revision(revision).0.saturating_add(number)))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One change of a job's state, kept with the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The revision that it led to.
    #[serde(rename = "r")]
    pub revision: u64,
    /// When.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The job's state since then.
    #[serde(rename = "s")]
    pub status: Status,
    /// The task that changed, by its place in the job; `None` where all of them did.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub task: Option<u32>,
    /// Its state since then.
    #[serde(rename = "ks", default, skip_serializing_if = "Option::is_none")]
    pub task_status: Option<Status>,
    /// Its current or last run.
    #[serde(rename = "a", default)]
    pub attempt: Attempt,
    /// Why it failed or was stopped, or why its last run failed.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// What a run reported, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Reported,
}

/// What a run reported while it ran: its progress or a line of its log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reported {
    /// How far it is.
    Progress(Progress),
    /// A line of its log.
    Log {
        /// `trace`, `debug`, `info`, `warn` or `error`.
        level: String,
        /// The line.
        message: String,
    },
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEvent {
    /// Where it stands.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub what: Happened,
}

/// What happened to a job: its state changed, or one of its runs reported something.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// The job's state, or that of one of its tasks, changed.
    Changed {
        /// The job's state since then.
        status: Status,
        /// The task that changed, where it was one.
        task: Option<TaskName>,
        /// Its state since then.
        task_status: Option<Status>,
        /// Its current or last run.
        attempt: Attempt,
        /// Why it failed or was stopped, or why its last run failed.
        code: Option<Code>,
    },
    /// A run reported its progress or wrote a line of its log.
    Reported {
        /// The task that ran.
        task: TaskName,
        /// Its run.
        attempt: Attempt,
        /// What.
        what: Reported,
    },
}

/// What an event changed.
pub(super) struct Change {
    /// Which task; `None`: all of them.
    pub(super) task: Option<TaskName>,
    /// Why it failed or was stopped.
    pub(super) code: Option<Code>,
}

impl Job {
    /// Adds a change to the history and forgets the oldest ones beyond [`MOMENTS`].
    pub(super) fn remember(&mut self, change: &Change, now: Timestamp) {
        let place = change.task.as_ref().and_then(|name| self.tasks.place(name));
        let task = place.and_then(|place| self.tasks.get(place));
        self.add_to_history(Moment {
            revision: self.revision,
            at: now,
            status: self.status,
            task: place.and_then(|place| u32::try_from(place).ok()),
            task_status: task.map(|task| task.status),
            attempt: task.or_else(|| self.standing()).map(|task| task.attempt).unwrap_or_default(),
            code: change.code,
        });
    }

    /// Adds a change of state, and forgets the oldest ones beyond [`MOMENTS`].
    pub(super) fn add_to_history(&mut self, moment: Moment) {
        self.history.push(moment);
        let extra = self.history.len().saturating_sub(MOMENTS);
        self.history.drain(..extra);
    }

    /// What happened to this job after an event, oldest first: its submission, then the changes of its state that it
    /// remembers. The reports of its runs are not among them; the store keeps those.
    ///
    /// A job from before jobs remembered their changes has one event for the state that it is in, so that a client that
    /// watches always learns that state.
    pub fn events_after(&self, after: EventId) -> Vec<JobEvent> {
        let submitted = JobEvent {
            id: EventId::of_revision(0),
            at: self.created_at,
            what: Happened::Changed {
                status: Status::Queued,
                task: None,
                task_status: None,
                attempt: Attempt(0),
                code: None,
            },
        };
        let present = (self.history.is_empty() && self.status != Status::Queued).then(|| JobEvent {
            id: EventId::of_revision(self.revision),
            at: self.finished_at.or(self.started_at).unwrap_or(self.created_at),
            what: Happened::Changed {
                status: self.status,
                task: None,
                task_status: None,
                attempt: self.standing().map(|task| task.attempt).unwrap_or_default(),
                code: self.error().map(|failure| failure.code),
            },
        });
        let changes = self.history.iter().map(|moment| self.event_of(moment));
        std::iter::once(submitted).chain(changes).chain(present).filter(|event| event.id > after).collect()
    }

    fn event_of(&self, moment: &Moment) -> JobEvent {
        let task = moment.task.and_then(|place| self.tasks.get(usize::try_from(place).ok()?));
        JobEvent {
            id: EventId::of_revision(moment.revision),
            at: moment.at,
            what: Happened::Changed {
                status: moment.status,
                task: task.map(|task| task.name.clone()),
                task_status: moment.task_status,
                attempt: moment.attempt,
                code: moment.code,
            },
        }
    }
}
