//! What a firing changes of a schedule: the one place where that is decided, for every store.

use serde::{Deserialize, Serialize};

use super::settled::{Settled, Span};
use super::{Firing, Outcome};
use crate::names::JobId;
use crate::timestamp::Timestamp;

/// What changes of a schedule with each firing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScheduleState {
    /// Which fire times never fire again.
    pub settled: Settled,
    /// Fire times that wait for the end of the last job, in the order in which they are to fire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Timestamp>,
    /// The job of the last firing that gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_job: Option<JobId>,
    /// The fire time of that job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fired: Option<Timestamp>,
    /// How many entries its history was given.
    #[serde(default)]
    pub firings: u64,
    /// How many jobs it has submitted.
    #[serde(default)]
    pub jobs: u64,
}

/// One firing to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// For which fire time.
    pub fire_time: Timestamp,
    /// Where it comes from.
    pub cause: Cause,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// Why something fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its time has come; with it these fire times are settled.
    Due(Span),
    /// It waited, and the job before it has ended.
    Waited,
    /// A client asked for it.
    Launched,
}

/// Why a firing is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The fire time is settled.
    #[error("this fire time of the schedule is settled")]
    Settled,
    /// It does not wait.
    #[error("this fire time of the schedule does not wait")]
    NotWaiting,
}

impl ScheduleState {
    /// Of a schedule that fires from now on.
    pub fn new(now: Timestamp) -> Self {
        let mut state = Self::default();
        state.begin(now);
        state
    }

    /// Lets the schedule go on from now: what passed before is not missed. What waits waits no more.
    pub fn begin(&mut self, now: Timestamp) {
        self.settled.settle(Span::mark(now));
        self.waiting.clear();
    }

    /// Keeps a firing, or refuses it: this fire time has fired before, or was decided on. The answer is its entry in the
    /// history.
    pub fn take(&mut self, step: Step, at: Timestamp) -> Result<Firing, Refusal> {
        let Step { fire_time, cause, outcome } = step;
        match cause {
            Cause::Due(span) => {
                if self.settled.contains(fire_time) {
                    return Err(Refusal::Settled);
                }
                self.settled.settle(span);
            }
            Cause::Waited => {
                let waits = self.waiting.iter().position(|waits| *waits == fire_time).ok_or(Refusal::NotWaiting)?;
                self.waiting.remove(waits);
            }
            Cause::Launched => {}
        }
        match &outcome {
            Outcome::Job { job } => {
                self.last_job = Some(*job);
                self.last_fired = Some(fire_time);
                self.jobs += 1;
            }
            Outcome::Waiting => self.waiting.push(fire_time),
            Outcome::Skipped { .. } | Outcome::Missed { .. } | Outcome::Failed { .. } => {}
        }
        self.firings += 1;
        let launched = cause == Cause::Launched;
        Ok(Firing { number: self.firings, fire_time, at, launched, outcome })
    }
}
