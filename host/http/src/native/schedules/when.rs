//! The rule by which a schedule fires, as clients write it and as they see it.

use analyte_core::limits::Limits;
use analyte_core::schedule::{Day, Part, TimeOfDay, Unit, When};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::json_body::{self, Member};
use crate::request::strict_json::malformed;

/// What one part may take as JSON, and what stands beside the parts.
const PART_JSON_BYTES: u64 = 256;
const RULE_JSON_BYTES: u64 = 4_096;

/// By which rule a schedule fires: exactly one of `cron`, `every_ms`, `parts`, `once`, `continuous_ms` and `by_hand`.
#[derive(Deserialize, ToSchema)]
#[schema(as = When)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhenBody {
    /// Five fields, or six with the second first, such as `0 2 * * *`.
    #[schema(example = "0 2 * * *")]
    cron: Option<String>,
    /// Whose wall clock the expression or the parts mean, by its name in the IANA database; usually `UTC`.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Milliseconds between two firings.
    every_ms: Option<u64>,
    /// It fires whenever one of them says; at most 100 (limit `schedule_parts`).
    parts: Option<Vec<PartBody>>,
    /// `true`: once, at `start_at`, or at once where that has passed; again each time that it is switched on.
    once: Option<bool>,
    /// One job after the other: at the first of the times that are this many milliseconds apart at which the job before has ended.
    continuous_ms: Option<u64>,
    /// `true`: never by itself; you launch it.
    by_hand: Option<bool>,
}

/// A part of a timetable: `day` and `at`, or `every` and `unit`.
#[derive(Deserialize, ToSchema)]
#[schema(as = Part)]
#[serde(deny_unknown_fields)]
struct PartBody {
    /// Each week on this day.
    #[schema(example = "monday")]
    day: Option<String>,
    /// At this time of the day, `08:30` or `08:30:00`. With `every`: when it begins; else it begins with the schedule.
    #[schema(example = "08:30")]
    at: Option<String>,
    /// With `day`: a job that has not begun at this time is cancelled. A time that is not later than `at` is one of the next day.
    until: Option<String>,
    /// Again after this number of units.
    every: Option<u32>,
    /// `seconds`, `minutes`, `hours`, `days`, `weeks` or `months`.
    unit: Option<String>,
    /// With `every`: a job that has not begun this many seconds later is cancelled.
    for_seconds: Option<u32>,
}

/// By which rule a schedule fires.
#[derive(Serialize, ToSchema)]
#[schema(as = WhenShown)]
#[serde(untagged)]
pub(crate) enum WhenShownBody<'a> {
    /// At times of a wall clock.
    Cron {
        /// The expression.
        cron: &'a str,
        /// Whose wall clock.
        time_zone: &'a str,
    },
    /// Again and again.
    Interval {
        /// Milliseconds.
        every_ms: u64,
    },
    /// Whenever one of several parts says.
    Parts {
        /// The parts.
        parts: Vec<PartShownBody>,
        /// Whose wall clock.
        time_zone: &'a str,
    },
    /// Once each time that it is switched on.
    Once {
        /// Always `true`.
        once: bool,
    },
    /// One job after the other.
    Continuous {
        /// Milliseconds.
        continuous_ms: u64,
    },
    /// Never by itself.
    ByHand {
        /// Always `true`.
        by_hand: bool,
    },
}

/// A part of a timetable.
#[derive(Serialize, ToSchema)]
#[schema(as = PartShown)]
#[serde(untagged)]
pub(crate) enum PartShownBody {
    /// Each week on one day.
    Weekly {
        /// Which day.
        day: &'static str,
        /// At which time of it.
        at: String,
        /// When a job that has not begun is cancelled.
        until: Option<String>,
    },
    /// Again after a distance.
    Every {
        /// How many units.
        every: u32,
        /// Of which unit.
        unit: &'static str,
        /// At which time of a day it begins.
        at: Option<String>,
        /// After how many seconds a job that has not begun is cancelled.
        for_seconds: Option<u32>,
    },
}

impl<'a> WhenShownBody<'a> {
    /// Of this rule.
    pub(crate) fn of(when: &'a When) -> Self {
        match when {
            When::Cron { expression, time_zone } => Self::Cron { cron: expression, time_zone },
            When::Interval { every_ms } => Self::Interval { every_ms: *every_ms },
            When::Parts { parts, time_zone } => {
                Self::Parts { parts: parts.iter().map(PartShownBody::of).collect(), time_zone }
            }
            When::Once => Self::Once { once: true },
            When::Continuous { every_ms } => Self::Continuous { continuous_ms: *every_ms },
            When::ByHand => Self::ByHand { by_hand: true },
        }
    }
}

impl PartShownBody {
    fn of(part: &Part) -> Self {
        let text = |time: &Option<TimeOfDay>| time.map(|time| time.to_string());
        match part {
            Part::Weekly { day, at, until } => {
                Self::Weekly { day: day.as_str(), at: at.to_string(), until: text(until) }
            }
            Part::Every { count, unit, at, for_seconds } => {
                Self::Every { every: *count, unit: unit.as_str(), at: text(at), for_seconds: *for_seconds }
            }
        }
    }
}

/// Reads a rule.
pub(super) fn read(member: &Member<'_>, at: &str, limits: &Limits) -> Result<When, Problem> {
    let most = limits.schedule_parts.saturating_add(1).saturating_mul(PART_JSON_BYTES).saturating_add(RULE_JSON_BYTES);
    let text = member.within(at, "schedule_parts", most)?;
    let WhenBody { cron, time_zone, every_ms, parts, once, continuous_ms, by_hand } =
        json_body::read_part(text.get(), at)?;
    let zoned = cron.is_some() || parts.is_some();
    let said = [
        cron.is_some(),
        every_ms.is_some(),
        parts.is_some(),
        once == Some(true),
        continuous_ms.is_some(),
        by_hand == Some(true),
    ];
    if said.into_iter().filter(|said| *said).count() != 1 {
        let message = "must have exactly one of `cron`, `every_ms`, `parts`, `once`, `continuous_ms`, `by_hand`";
        return Err(malformed(at.to_owned(), message));
    }
    if time_zone.is_some() && !zoned {
        let message = "is only for `cron` and `parts`: other rules know no wall clock";
        return Err(malformed(format!("{at}/time_zone"), message));
    }
    let time_zone = time_zone.unwrap_or_else(|| "UTC".to_owned());
    if let Some(expression) = cron {
        return Ok(When::Cron { expression, time_zone });
    }
    if let Some(parts) = parts {
        let parts = parts.into_iter().enumerate().map(|(place, part)| part_of(part, &format!("{at}/parts/{place}")));
        return Ok(When::Parts { parts: parts.collect::<Result<_, _>>()?, time_zone });
    }
    Ok(match (every_ms, continuous_ms) {
        (Some(every_ms), _) => When::Interval { every_ms },
        (None, Some(every_ms)) => When::Continuous { every_ms },
        (None, None) if once == Some(true) => When::Once,
        (None, None) => When::ByHand,
    })
}

fn part_of(part: PartBody, at: &str) -> Result<Part, Problem> {
    let wrong = |member: &str, message: &str| malformed(format!("{at}/{member}"), message.to_owned());
    let time = |text: Option<String>, member: &str| {
        let read = text.map(|text| text.parse::<TimeOfDay>()).transpose();
        read.map_err(|error| wrong(member, &format!("cannot be read: {error}")))
    };
    match part {
        PartBody { day: Some(day), at: begin, until, every: None, unit: None, for_seconds: None } => {
            let day = Day::parse(&day).ok_or_else(|| wrong("day", "must be a day of the week, such as `monday`"))?;
            let begin = time(begin, "at")?.ok_or_else(|| wrong("at", "is missing"))?;
            Ok(Part::Weekly { day, at: begin, until: time(until, "until")? })
        }
        PartBody { day: None, at: begin, until: None, every: Some(count), unit: Some(unit), for_seconds } => {
            let unit = Unit::parse(&unit);
            let unit = unit
                .ok_or_else(|| wrong("unit", "must be `seconds`, `minutes`, `hours`, `days`, `weeks` or `months`"))?;
            Ok(Part::Every { count, unit, at: time(begin, "at")?, for_seconds })
        }
        PartBody { .. } => {
            let message = "must have either `day` and `at`, with or without `until`, or `every` and `unit`, with or without `at` and `for_seconds`";
            Err(malformed(at.to_owned(), message))
        }
    }
}
