//! Run modes, from and to the rules of native schedules.

use analyte_core::limits::Limits;
use analyte_core::schedule::{CatchUp, Part, When};

use crate::aiware::error::{ErrorId, Refusal};

/// How long after the begin of a continuous job the next one may begin, in milliseconds.
const CONTINUOUS_MS: u64 = 60_000;
/// The clock of times of day: parts know no time zone, and there is no source that has one.
const ZONE: &str = "UTC";

/// When a scheduled job runs, in the order of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RunMode {
    /// One job after the other, from its start to its stop.
    Continuous,
    /// By itself, one time; then `Once`.
    Now,
    /// When it is launched.
    Once,
    /// At the times of its parts.
    Recurring,
}

impl RunMode {
    /// All of them, in the order of their words.
    pub(crate) const ALL: [Self; 4] = [Self::Continuous, Self::Now, Self::Once, Self::Recurring];

    /// The word on REST; that of GraphQL begins with a capital.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Continuous => "continuous",
            Self::Recurring => "recurring",
            Self::Now => "now",
            Self::Once => "once",
        }
    }

    /// The mode of a rule; `done`: it fires no more, and its job has ended.
    pub(crate) fn of(when: &When, done: bool) -> Self {
        match when {
            When::Cron { .. } | When::Interval { .. } | When::Parts { .. } => Self::Recurring,
            When::Continuous { .. } => Self::Continuous,
            When::Once if done => Self::Once,
            When::Once => Self::Now,
            When::ByHand => Self::Once,
        }
    }
}

/// By which rule a schedule fires, which one it keeps, and what it makes up for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) when: When,
    pub(crate) set_aside: Option<When>,
    pub(crate) catch_up: CatchUp,
}

impl Rule {
    /// The rule for a mode, with new parts or else with what was there: the rule by which a schedule fired, and the one that it
    /// had set aside.
    pub(crate) fn of(
        mode: RunMode,
        parts: Option<Vec<Part>>,
        before: (Option<&When>, Option<&When>),
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let recurring = |when: &&When| RunMode::of(when, false) == RunMode::Recurring;
        let kept = before.0.filter(recurring).or(before.1.filter(recurring)).cloned();
        let timetable = match parts {
            Some(parts) if parts.is_empty() => None,
            Some(parts) => Some(When::Parts { parts, time_zone: ZONE.to_owned() }),
            None => kept,
        };
        let every_ms = CONTINUOUS_MS.max(limits.schedule_interval_ms);
        let (when, set_aside, catch_up) = match mode {
            RunMode::Recurring => {
                let why = "a scheduled job that is recurring needs a weekly part or an interval";
                let when = timetable.ok_or_else(|| Refusal::new(ErrorId::InvalidInput, why))?;
                (when, None, CatchUp::None)
            }
            RunMode::Continuous => (When::Continuous { every_ms }, timetable, CatchUp::None),
            // Its one time is made up for, if the server is down then.
            RunMode::Now => (When::Once, timetable, CatchUp::One),
            RunMode::Once => (When::ByHand, timetable, CatchUp::None),
        };
        Ok(Self { when, set_aside, catch_up })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use analyte_core::schedule::Day;

    use super::*;

    #[test]
    fn each_mode_comes_back_and_parts_are_kept_through_all_of_them() {
        let limits = Limits::default();
        let part =
            Part::Weekly { day: Day::Monday, at: "09:00".parse().unwrap(), until: Some("17:00".parse().unwrap()) };
        let parts = vec![part];
        let mut rule = Rule::of(RunMode::Once, Some(parts.clone()), (None, None), &limits).unwrap();
        for mode in [RunMode::Recurring, RunMode::Now, RunMode::Continuous, RunMode::Once, RunMode::Recurring] {
            rule = Rule::of(mode, None, (Some(&rule.when), rule.set_aside.as_ref()), &limits).unwrap();
            assert_eq!(RunMode::of(&rule.when, false), mode);
            let timetable = When::Parts { parts: parts.clone(), time_zone: "UTC".to_owned() };
            assert!([Some(&rule.when), rule.set_aside.as_ref()].contains(&Some(&timetable)), "{rule:?}");
        }
        assert_eq!(RunMode::of(&When::Once, true), RunMode::Once);
        assert!(Rule::of(RunMode::Recurring, Some(Vec::new()), (Some(&rule.when), None), &limits).is_err());
        assert!(Rule::of(RunMode::Recurring, None, (None, None), &limits).is_err());
        // What was made natively is kept as well.
        let cron = When::Cron { expression: "0 2 * * *".to_owned(), time_zone: "Europe/Berlin".to_owned() };
        let once = Rule::of(RunMode::Once, None, (Some(&cron), None), &limits).unwrap();
        let again = Rule::of(RunMode::Recurring, None, (Some(&once.when), once.set_aside.as_ref()), &limits).unwrap();
        assert_eq!((once.when, again.when), (When::ByHand, cron));
    }
}
