//! Parts of a scheduled job as clients see them.

use analyte_core::schedule::{Part, TimeOfDay, Unit, When};

/// A part in the words of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SchedulePart {
    /// `weekly` or `interval`.
    pub(crate) kind: &'static str,
    /// Of a weekly part: `monday`, for instance.
    pub(crate) day: Option<&'static str>,
    /// When it begins.
    pub(crate) start: Option<TimeOfDay>,
    /// Of a weekly part: when a job that has not begun is cancelled.
    pub(crate) stop: Option<TimeOfDay>,
    /// Of an interval: `days`, for instance.
    pub(crate) unit: Option<&'static str>,
    /// Of an interval: how many units.
    pub(crate) count: Option<u32>,
    /// Of an interval: after how many seconds a job that has not begun is cancelled.
    pub(crate) duration: Option<u32>,
}

/// Units of whole milliseconds, the longest first.
const UNITS: [(Unit, u64); 5] = [
    (Unit::Weeks, 604_800_000),
    (Unit::Days, 86_400_000),
    (Unit::Hours, 3_600_000),
    (Unit::Minutes, 60_000),
    (Unit::Seconds, 1_000),
];

impl SchedulePart {
    /// The parts of a rule. An expression, and an interval of no whole seconds, are no parts.
    pub(crate) fn all(when: &When) -> Vec<Self> {
        match when {
            When::Parts { parts, .. } => parts.iter().map(Self::of).collect(),
            When::Interval { every_ms } => {
                let unit = UNITS.iter().find(|(_, ms)| *every_ms > 0 && every_ms % ms == 0);
                let part = unit.and_then(|(unit, ms)| {
                    let count = u32::try_from(every_ms / ms).ok()?;
                    Some(Self::of(&Part::Every { count, unit: *unit, at: None, for_seconds: None }))
                });
                part.into_iter().collect()
            }
            When::Cron { .. } | When::Once | When::Continuous { .. } | When::ByHand => Vec::new(),
        }
    }

    fn of(part: &Part) -> Self {
        let none = Self { kind: "weekly", day: None, start: None, stop: None, unit: None, count: None, duration: None };
        match part {
            Part::Weekly { day, at, until } => Self { day: Some(day.as_str()), start: Some(*at), stop: *until, ..none },
            Part::Every { count, unit, at, for_seconds } => Self {
                kind: "interval",
                start: *at,
                unit: Some(unit.as_str()),
                count: Some(*count),
                duration: *for_seconds,
                ..none
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_said_in_its_longest_unit() {
        let of = |every_ms| {
            let parts = SchedulePart::all(&When::Interval { every_ms });
            parts.first().map(|part| (part.count, part.unit))
        };
        assert_eq!(of(172_800_000), Some((Some(2), Some("days"))));
        assert_eq!(of(90_000), Some((Some(90), Some("seconds"))));
        assert_eq!(of(1_500), None);
        assert_eq!(of(0), None);
    }
}
