//! The rule by which a schedule fires, as a client gives it.

use serde::{Deserialize, Serialize};

use super::part::Part;

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum When {
    /// At the times of a wall clock that match an expression.
    Cron {
        /// Five fields, or six with the second first.
        expression: String,
        /// Name of the time zone whose wall clock counts, for instance `Europe/Berlin`.
        time_zone: String,
    },
    /// Again and again after the same time, whatever wall clocks do.
    Interval {
        /// Milliseconds.
        every_ms: u64,
    },
    /// Whenever one of several parts says.
    Parts {
        /// At least one.
        parts: Vec<Part>,
        /// Name of the time zone whose wall clock counts.
        time_zone: String,
    },
    /// Once each time that it is switched on: at its `start_at`, or at once where that has passed.
    Once,
    /// One job after the other: at the first of these times at which the job before has ended.
    Continuous {
        /// Milliseconds.
        every_ms: u64,
    },
    /// Never by itself: a client launches it.
    ByHand,
}

impl When {
    /// Whether its fire times pass, and are not missed, while the job before them goes on.
    pub fn is_continuous(&self) -> bool {
        matches!(self, Self::Continuous { .. })
    }
}

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWhen {
    /// The expression cannot be read.
    #[error("`{expression}` is no cron expression: {why}")]
    Expression {
        /// The begin of what was given.
        expression: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such time zone.
    #[error("there is no time zone `{given}`; use a name of the IANA database, for instance `Europe/Berlin` or `UTC`")]
    TimeZone {
        /// The begin of what was given.
        given: String,
    },
    /// No time matches the expression, for instance 30 February.
    #[error("no time matches `{expression}`")]
    Never {
        /// What was given.
        expression: String,
    },
    /// The interval is 0, or longer than 100 years.
    #[error("an interval takes 1 to {LONGEST_MS} milliseconds")]
    Interval,
    /// A part that cannot be one.
    #[error("{why}")]
    Part {
        /// What is wrong with it.
        why: String,
    },
    /// A timetable without parts.
    #[error("a timetable has at least one part")]
    NoParts,
}

/// The longest interval, about 100 years.
pub(crate) const LONGEST_MS: u64 = 100 * 366 * 24 * 3_600_000;

/// What is done when a schedule fires while the job of an earlier firing has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// Nothing: the firing is left out, and the history says so.
    #[default]
    Skip,
    /// The firing waits, and its job is submitted when the job before it has ended.
    Queue,
    /// The job of the earlier firing is cancelled.
    CancelPrevious,
}

impl Overlap {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Skip, Self::Queue, Self::CancelPrevious];

    /// The word used outside.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::CancelPrevious => "cancel-previous",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// What is made up for of the fire times that passed while the server was down, or that its clock leapt over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CatchUp {
    /// Nothing, but for a fire time that passed less than [`ON_TIME_MS`](super::due::ON_TIME_MS) ago.
    #[default]
    None,
    /// The last of them.
    One,
    /// Those of the time before now that is as long as this.
    All {
        /// Milliseconds.
        window_ms: u64,
    },
}
