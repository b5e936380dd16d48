//! Fire times of a cron expression in a time zone.
//!
//! The library matches wall-clock times; which of them exist, and how often, is decided here, stretch by stretch between
//! the changes of the zone's clock. What becomes of a change is as in Vixie's cron. An expression that names the seconds,
//! minutes and hours, such as `30 2 * * *`, means a time of day: it fires once where a clock that goes back shows the time
//! twice, the first time, and in the first moment after it where a clock that goes forward leaves it out. An expression with
//! a `*` in one of these fields, such as `*/15 * * * *`, means a distance: it fires whenever the clock shows a matching time.

use chrono::{DateTime, NaiveDateTime};
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;

use super::when::BadWhen;
use super::zone::{self, Stretch};
use crate::timestamp::Timestamp;

/// Longest expression and longest name of a time zone, in bytes.
const TEXT_BYTES: usize = 256;

/// A cron expression and its time zone, ready to be asked.
#[derive(Debug)]
pub struct CronTimes {
    pattern: Cron,
    zone: TimeZone,
    /// It means times of day.
    fixed: bool,
}

impl CronTimes {
    /// Reads an expression and the name of a time zone. One that never fires is refused.
    pub fn parse(expression: &str, time_zone: &str) -> Result<Self, BadWhen> {
        let bad = |why: String| BadWhen::Expression { expression: cut(expression), why };
        if expression.len() > TEXT_BYTES {
            return Err(bad(format!("it has {} bytes; {TEXT_BYTES} are allowed", expression.len())));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let pattern = parser.parse(expression).map_err(|error| bad(plain(error)))?;
        let no_zone = || BadWhen::TimeZone { given: cut(time_zone) };
        let zone = Some(time_zone).filter(|name| name.len() <= TEXT_BYTES).and_then(zone::named).ok_or_else(no_zone)?;
        let times = Self { pattern, zone, fixed: is_fixed(expression) };
        // In a cycle of the calendar, 400 years, every day that there can be comes.
        if times.matching(0).is_none() {
            return Err(BadWhen::Never { expression: cut(expression) });
        }
        Ok(times)
    }

    /// The name of the time zone as the database writes it.
    pub fn time_zone(&self) -> Option<&str> {
        self.zone.iana_name()
    }

    /// The first fire time after this; `None`: there is none in the years that are known.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let at = after.0.div_euclid(1_000);
        let mut stretch = Stretch::at(&self.zone, at)?;
        let mut from = at + 1 + stretch.offset;
        if self.fixed {
            // What the clock shows a second time fired when it showed it first.
            from = stretch.before.map_or(from, |shown| from.max(shown));
        }
        let mut wall = self.matching(from)?;
        while let Some(end) = stretch.end.filter(|end| wall >= end + stretch.offset) {
            let next = Stretch::at(&self.zone, end)?;
            let (shown, begins) = (end + stretch.offset, end + next.offset);
            if wall < begins {
                if self.fixed {
                    return Some(Timestamp(end * 1_000));
                }
                wall = self.matching(begins)?;
            } else if begins < shown && !self.fixed {
                wall = self.matching(begins)?;
            }
            stretch = next;
        }
        Some(Timestamp((wall - stretch.offset) * 1_000))
    }

    /// The first second of the wall clock, this one or a later one, that matches. Seconds are counted as if the wall clock
    /// showed UTC.
    fn matching(&self, from: i64) -> Option<i64> {
        let from: NaiveDateTime = DateTime::from_timestamp(from, 0)?.naive_utc();
        let found = self.pattern.find_next_occurrence(&from, true).ok()?;
        Some(found.and_utc().timestamp())
    }
}

/// What the library says of an expression, without its words for kinds of errors.
fn plain(error: CronError) -> String {
    let said = match error {
        CronError::InvalidPattern(said) | CronError::IllegalCharacters(said) | CronError::ComponentError(said) => said,
        other => other.to_string(),
    };
    let mut said = said.trim_end_matches('.').to_owned();
    if let Some(first) = said.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    said
}

/// The begin of a text, for a message.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Whether an expression means times of day: it names its seconds, minutes and hours.
fn is_fixed(expression: &str) -> bool {
    let expression = expression.trim();
    if expression.starts_with('@') {
        return !expression.eq_ignore_ascii_case("@hourly");
    }
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let of_day = fields.len().saturating_sub(3);
    !fields.iter().take(of_day).any(|field| field.contains('*'))
}
