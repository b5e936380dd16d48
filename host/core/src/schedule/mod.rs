//! Schedules: what fires when, and what became of it.
//!
//! A schedule makes a job of its template at each of its fire times. Which times these are is a pure function of its rule
//! ([`times`]); what is due is one of these times, of what is [settled], and of the time that the caller says it is ([`due`]).
//! What a firing changes is decided in one place, [`ScheduleState::take`], which every store calls within one atomic step. A
//! fire time of a schedule fires once, whatever restarts and clocks do.

pub mod cron;
pub mod due;
pub mod part;
pub mod settled;
mod state;
pub mod times;
pub mod when;
mod zone;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::failure::Failure;
use crate::job::Job;
use crate::names::{JobId, Organisation, ScheduleId};
use crate::timestamp::Timestamp;
pub use part::{Day, Part, TimeOfDay, Unit};
pub use settled::{Settled, Span};
pub use state::{Cause, Refusal, ScheduleState, Step};
pub use times::Times;
pub use when::{BadWhen, CatchUp, Overlap, When};

/// What fires when. What changes with each firing is in its [`ScheduleState`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// A short id, unique in the server and never used twice. The store gives it.
    pub number: u64,
    /// Whose.
    pub organisation: Organisation,
    /// For people; need not be unique.
    pub name: String,
    /// For people, as long as they like; `None`: nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The client's own data, kept and answered to the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<Document>,
    /// By which rule it fires.
    pub when: When,
    /// The rule that it had before it was left to be launched by hand, or to fire once, kept for a client that goes back to
    /// it; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<When>,
    /// From which time on distances are counted.
    pub anchor: Timestamp,
    /// It does not fire before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// It does not fire then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<Timestamp>,
    /// Whether it fires by itself.
    pub active: bool,
    /// What is done where the job of an earlier firing has not ended.
    #[serde(default)]
    pub overlap: Overlap,
    /// What is made up for of what was missed.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// What each of its jobs is when it is submitted, but for its id, its times and its [`Job::schedule`]. Its contents belong
    /// to the schedule.
    pub template: Job,
    /// When it was made.
    pub created_at: Timestamp,
    /// Label of the token that it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When it was replaced last; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Counts its replacements, from 1; the ETag.
    pub revision: u64,
}

impl Schedule {
    /// Its fire times.
    pub fn times(&self) -> Result<Times, BadWhen> {
        Times::new(&self.when, self.anchor, self.start_at, self.stop_at)
    }
}

/// Which schedule a job comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiredBy {
    /// The schedule.
    pub id: ScheduleId,
    /// Its short id; `None`: the job was submitted before jobs said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// For which of its fire times; of a launch by hand, when that was.
    pub fire_time: Timestamp,
}

/// An entry of a schedule's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// Counted from 1, in the order in which they were kept.
    pub number: u64,
    /// For which fire time.
    pub fire_time: Timestamp,
    /// When it was kept.
    pub at: Timestamp,
    /// Whether a client asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub launched: bool,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a fire time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// A job was submitted.
    Job {
        /// Which.
        job: JobId,
    },
    /// It waits for the end of the job before it. What then becomes of it is an entry of its own.
    Waiting,
    /// It was left out, since the job of an earlier firing had not ended.
    Skipped {
        /// That job.
        job: JobId,
    },
    /// It and those after it, up to `last`, passed while the server was down, and were not made up for.
    Missed {
        /// The last one.
        last: Timestamp,
    },
    /// No job could be submitted.
    Failed {
        /// Why.
        failure: Failure,
    },
}
