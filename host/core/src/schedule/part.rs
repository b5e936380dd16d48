//! Parts of a timetable: days of a week, and distances on the calendar, each with the end of the time in which its job may
//! begin.
//!
//! A time of day that a clock which goes forward leaves out fires in the first moment after the gap; one that a clock which
//! goes back shows twice fires the first time.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp as Instant, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::when::{BadWhen, LONGEST_MS};
use crate::timestamp::Timestamp;

/// Seconds of a day.
const DAY_S: u32 = 86_400;

/// One part of a timetable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Part {
    /// Each week on one day.
    Weekly {
        /// Which day.
        day: Day,
        /// At which time of that day.
        at: TimeOfDay,
        /// A job that has not begun then does not begin any more. Where this is not later than `at`, it is a time of the next day.
        /// `None`: it may begin at any time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimeOfDay>,
    },
    /// Again and again after the same distance.
    Every {
        /// How many units.
        count: u32,
        /// Of which unit.
        unit: Unit,
        /// At which time of a day it begins. `None`: when the schedule begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<TimeOfDay>,
        /// A job that has not begun this many seconds later does not begin any more. `None`: it may begin at any time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_seconds: Option<u32>,
    },
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $( $variant:ident $word:literal )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $type {
            $( #[doc = $word] $variant, )*
        }

        impl $type {
            /// All of them, in order.
            pub const ALL: &[Self] = &[ $( Self::$variant, )* ];

            /// The word used outside.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// A day of the week.
    Day {
        Sunday "sunday" Monday "monday" Tuesday "tuesday" Wednesday "wednesday" Thursday "thursday" Friday "friday"
        Saturday "saturday"
    }
}

words! {
    /// A unit of distances.
    Unit { Seconds "seconds" Minutes "minutes" Hours "hours" Days "days" Weeks "weeks" Months "months" }
}

impl Unit {
    /// Its milliseconds; of a month, those of a long one.
    fn ms(self) -> u64 {
        match self {
            Self::Seconds => 1_000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
            Self::Weeks => 604_800_000,
            Self::Months => 31 * 86_400_000,
        }
    }
}

/// A time of day on a wall clock, in seconds after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TimeOfDay(u32);

/// What is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written as `08:30` or `08:30:00`")]
pub struct BadTimeOfDay;

impl TryFrom<u32> for TimeOfDay {
    type Error = BadTimeOfDay;
    fn try_from(seconds: u32) -> Result<Self, BadTimeOfDay> {
        if seconds < DAY_S { Ok(Self(seconds)) } else { Err(BadTimeOfDay) }
    }
}

impl From<TimeOfDay> for u32 {
    fn from(time: TimeOfDay) -> u32 {
        time.0
    }
}

impl FromStr for TimeOfDay {
    type Err = BadTimeOfDay;
    fn from_str(text: &str) -> Result<Self, BadTimeOfDay> {
        let mut parts = text.split(':').map(|part| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| digits).ok_or(BadTimeOfDay)
        });
        let mut next = |most: u32| parts.next().transpose().map(|part| part.filter(|part| *part < most));
        let (hour, minute) = (next(24)?.ok_or(BadTimeOfDay)?, next(60)?.ok_or(BadTimeOfDay)?);
        let second = if text.len() > 5 { next(60)?.ok_or(BadTimeOfDay)? } else { 0 };
        if parts.next().is_some() {
            return Err(BadTimeOfDay);
        }
        Ok(Self(hour * 3_600 + minute * 60 + second))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0 / 3_600, self.0 / 60 % 60, self.0 % 60)
    }
}

/// A distance between two fire times of a part.
#[derive(Debug, Clone, Copy)]
enum Distance {
    /// Milliseconds, whatever wall clocks do.
    Fixed(i64),
    /// Days of the calendar.
    Days(i32),
    /// Months of the calendar; where a month is too short for the day, its last day.
    Months(i32),
}

/// How long a job of a part may wait for its begin.
#[derive(Debug, Clone, Copy)]
enum Open {
    Always,
    Until(Time),
    Seconds(u32),
}

/// A part, ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct PartTimes {
    zone: TimeZone,
    /// The first fire time, as a wall clock shows it.
    first: DateTime,
    /// The same, where the distance is fixed.
    begin: i64,
    distance: Distance,
    open: Open,
}

fn time_of(at: TimeOfDay) -> Option<Time> {
    let part = |seconds: u32| i8::try_from(seconds).ok();
    Time::new(part(at.0 / 3_600)?, part(at.0 / 60 % 60)?, part(at.0 % 60)?, 0).ok()
}

fn weekday(day: Day) -> jiff::civil::Weekday {
    use jiff::civil::Weekday;
    match day {
        Day::Sunday => Weekday::Sunday,
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
    }
}

/// When a wall clock shows this: the first time where it does twice, the first moment after it where it never does. `None`: beyond
/// the years that are known.
fn shown(zone: &TimeZone, wall: DateTime) -> Option<i64> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    let gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let at = ambiguous.compatible().ok()?;
    if !gap {
        return Some(at.as_millisecond());
    }
    let after = at.checked_add(SignedDuration::from_secs(1)).ok()?;
    Some(zone.preceding(after).next()?.timestamp().as_millisecond())
}

fn wall(zone: &TimeZone, at: i64) -> Option<DateTime> {
    Some(zone.to_datetime(Instant::from_millisecond(at).ok()?))
}

impl PartTimes {
    /// Those of a part in this zone, counted from `anchor`.
    pub(super) fn new(part: &Part, zone: &TimeZone, anchor: Timestamp) -> Result<Self, BadWhen> {
        let beyond = || BadWhen::Part { why: "it begins beyond the years that are known".to_owned() };
        let now = wall(zone, anchor.0).ok_or_else(beyond)?;
        let (mut first, distance, open) = match part {
            Part::Weekly { day, at, until } => {
                let at = time_of(*at).ok_or_else(beyond)?;
                let ahead = weekday(*day).since(now.weekday());
                let date = now.date().checked_add(ahead.days()).map_err(|_| beyond())?;
                let open = until.and_then(time_of).map_or(Open::Always, Open::Until);
                (date.to_datetime(at), Distance::Days(7), open)
            }
            Part::Every { count, unit, at, for_seconds } => {
                let ms = u64::from(*count).saturating_mul(unit.ms());
                if *count == 0 || ms > LONGEST_MS {
                    let why = format!("{count} {} are no distance; from 1 to about 100 years are", unit.as_str());
                    return Err(BadWhen::Part { why });
                }
                let count = i32::try_from(*count).map_err(|_| beyond())?;
                let distance = match unit {
                    Unit::Seconds | Unit::Minutes | Unit::Hours => {
                        Distance::Fixed(i64::try_from(ms).map_err(|_| beyond())?)
                    }
                    Unit::Days => Distance::Days(count),
                    Unit::Weeks => Distance::Days(count.saturating_mul(7)),
                    Unit::Months => Distance::Months(count),
                };
                let first = match at {
                    Some(at) => now.date().to_datetime(time_of(*at).ok_or_else(beyond)?),
                    None => now,
                };
                (first, distance, for_seconds.map_or(Open::Always, Open::Seconds))
            }
        };
        // Its time of today has passed.
        if first < now {
            let ahead = if matches!(part, Part::Weekly { .. }) { 7 } else { 1 };
            first = first.checked_add(ahead.days()).map_err(|_| beyond())?;
        }
        let begin = shown(zone, first).ok_or_else(beyond)?;
        Ok(Self { zone: zone.clone(), first, begin, distance, open })
    }

    /// The first fire time after this; `None`: there is none in the years that are known.
    pub(super) fn next_after(&self, after: i64) -> Option<i64> {
        if after < self.begin {
            return Some(self.begin);
        }
        if let Distance::Fixed(every) = self.distance {
            return self.begin.checked_add(((after - self.begin) / every + 1).checked_mul(every)?);
        }
        let date = wall(&self.zone, after)?.date();
        let mut times = (self.distances(date) - 1).max(0);
        loop {
            let at = shown(&self.zone, self.after(times)?)?;
            if at > after {
                return Some(at);
            }
            times += 1;
        }
    }

    /// How many whole distances lie between the first fire time and this day.
    fn distances(&self, date: Date) -> i32 {
        let first = self.first.date();
        match self.distance {
            Distance::Fixed(_) => 0,
            Distance::Days(days) => {
                let between = first.until(date).map_or(0, |span| span.get_days());
                between / days.max(1)
            }
            Distance::Months(months) => {
                let of = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
                (of(date) - of(first)) / months.max(1)
            }
        }
    }

    /// What a wall clock shows after this number of distances.
    fn after(&self, times: i32) -> Option<DateTime> {
        let span = match self.distance {
            Distance::Fixed(_) => return None,
            Distance::Days(days) => i64::from(times).checked_mul(i64::from(days))?.days(),
            Distance::Months(months) => i64::from(times).checked_mul(i64::from(months))?.months(),
        };
        self.first.checked_add(span).ok()
    }

    /// Whether it fires at this time.
    pub(super) fn fires_at(&self, at: i64) -> bool {
        self.next_after(at.saturating_sub(1)) == Some(at)
    }

    /// Until when the job of this fire time may begin; `None`: at any time.
    pub(super) fn open_until(&self, at: i64) -> Option<i64> {
        match self.open {
            Open::Always => None,
            Open::Seconds(seconds) => Some(at.saturating_add(i64::from(seconds).saturating_mul(1_000))),
            Open::Until(until) => {
                let begin = wall(&self.zone, at)?;
                let today = begin.date().to_datetime(until);
                let end = if today > begin { Some(today) } else { today.checked_add(1.days()).ok() };
                shown(&self.zone, end?)
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_and_written() {
        for (text, written) in [("00:00", "00:00:00"), ("08:30", "08:30:00"), ("23:59:59", "23:59:59")] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), written);
        }
        for wrong in ["", "8:30", "24:00", "08:60", "08:30:60", "08:30:00:00", "08:30:", "+8:30", "08", "0830", "08:3é"]
        {
            assert_eq!(wrong.parse::<TimeOfDay>(), Err(BadTimeOfDay), "{wrong}");
        }
        assert_eq!(TimeOfDay::try_from(86_400), Err(BadTimeOfDay));
    }
}
