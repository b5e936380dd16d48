//! Times as ISO 8601 writes them: a date, then perhaps a time of day, then perhaps an offset.
//!
//! | part | forms |
//! | --- | --- |
//! | date | `2026-01-31`, `2026-01`, of weeks `2026-W05-6` and `2026-W05` (its Monday), of days `2026-031` |
//! | time | `08`, `08:15`, `08:15:30`, each with a fraction of its last part after `.` or `,`; `T` or a blank before it |
//! | offset | `Z`, `+01`, `+01:30`, `+0130`; none is UTC |
//!
//! Years of other than four digits carry a sign. What is finer than a millisecond is cut off.

use chrono::{NaiveDate, Weekday};

use crate::timestamp::Timestamp;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
const SECOND: i64 = 1_000;

/// The time that the text writes, blanks around it aside; `None` where it is not in one of these forms.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let days = date_of(date)?.signed_duration_since(NaiveDate::default()).num_days();
    let within = clock.map_or(Some(0), clock_of)?;
    Some(Timestamp(days.checked_mul(24 * HOUR)?.checked_add(within)?))
}

/// The number that the first `count` bytes write, and what follows them; `None` where one of them is no digit.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

/// The same number; `None` also where something follows it.
fn only(text: &str, count: usize) -> Option<u32> {
    digits(text, count).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

fn date_of(text: &str) -> Option<NaiveDate> {
    let (year, rest) = year_of(text)?;
    let Some(rest) = rest.strip_prefix('-') else {
        return if rest.is_empty() { NaiveDate::from_ymd_opt(year, 1, 1) } else { None };
    };
    if let Some(week) = rest.strip_prefix(['W', 'w']) {
        let (week, day) = digits(week, 2)?;
        let day = if day.is_empty() { 1 } else { only(day.strip_prefix('-')?, 1)? };
        let day = Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
        return NaiveDate::from_isoywd_opt(year, week, day);
    }
    if let Some(day) = only(rest, 3) {
        return NaiveDate::from_yo_opt(year, day);
    }
    let (month, day) = digits(rest, 2)?;
    let day = if day.is_empty() { 1 } else { only(day.strip_prefix('-')?, 2)? };
    NaiveDate::from_ymd_opt(year, month, day)
}

fn year_of(text: &str) -> Option<(i32, &str)> {
    let unsigned = text.strip_prefix(['+', '-']);
    let count = match unsigned {
        None => 4,
        Some(text) => text.bytes().take_while(u8::is_ascii_digit).count(),
    };
    if !(4..=6).contains(&count) {
        return None;
    }
    let (year, rest) = digits(unsigned.unwrap_or(text), count)?;
    let year = i32::try_from(year).ok()?;
    Some((if text.starts_with('-') { -year } else { year }, rest))
}

/// Milliseconds from midnight UTC of the date that stands before it.
fn clock_of(text: &str) -> Option<i64> {
    let (clock, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => match text.rfind(['+', '-']) {
            Some(at) => {
                let (clock, offset) = text.split_at_checked(at)?;
                (clock, offset_of(offset)?)
            }
            None => (text, 0),
        },
    };
    let (hour, rest) = digits(clock, 2)?;
    let mut within = i64::from(hour) * HOUR;
    let (rest, unit) = match rest.strip_prefix(':') {
        None => (rest, HOUR),
        Some(rest) => {
            let (minute, rest) = digits(rest, 2).filter(|(minute, _)| *minute < 60)?;
            within += i64::from(minute) * MINUTE;
            match rest.strip_prefix(':') {
                None => (rest, MINUTE),
                Some(rest) => {
                    // A leap second is the first one of the next minute.
                    let (second, rest) = digits(rest, 2).filter(|(second, _)| *second <= 60)?;
                    within += i64::from(second) * SECOND;
                    (rest, SECOND)
                }
            }
        }
    };
    if hour > 23 {
        return None;
    }
    if !rest.is_empty() {
        within += fraction_of(rest.strip_prefix(['.', ','])?, unit)?;
    }
    Some(within - offset)
}

/// The milliseconds in a fraction of the unit, of which digits after the twelfth change nothing; `None` where the text
/// is not digits only.
fn fraction_of(text: &str, unit: i64) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = text.get(..12).unwrap_or(text);
    let (mut parts, mut of) = (0_i128, 1_i128);
    for digit in digits.bytes() {
        parts = parts * 10 + i128::from(digit - b'0');
        of *= 10;
    }
    i64::try_from(parts * i128::from(unit) / of).ok()
}

fn offset_of(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?, 2)?;
    let minutes = if rest.is_empty() { 0 } else { only(rest.strip_prefix(':').unwrap_or(rest), 2)? };
    (hours < 24 && minutes < 60).then_some(sign * (i64::from(hours) * HOUR + i64::from(minutes) * MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_tells_its_time() {
        // Computed with GNU date.
        let cases = [
            ("2026-01-31", Some(1_769_817_600_000)),
            ("2026-01", Some(1_767_225_600_000)),
            ("2026-W05-6", Some(1_769_817_600_000)),
            ("2026-W05", Some(1_769_385_600_000)),
            ("2020-W53-5", Some(1_609_459_200_000)),
            ("2026-031", Some(1_769_817_600_000)),
            ("2024-366", Some(1_735_603_200_000)),
            ("2026-01-31T08", Some(1_769_846_400_000)),
            ("2026-01-31T08:15", Some(1_769_847_300_000)),
            ("2026-01-31T08:15:30", Some(1_769_847_330_000)),
            ("2026-01-31 08:15:30", Some(1_769_847_330_000)),
            ("2026-01-31T08:15:30.5", Some(1_769_847_330_500)),
            ("2026-01-31T08:15:30,1239999", Some(1_769_847_330_123)),
            ("2026-01-31T08.5", Some(1_769_848_200_000)),
            ("2026-01-31T08:15.5Z", Some(1_769_847_330_000)),
            ("2026-01-31T08:15:30Z", Some(1_769_847_330_000)),
            (" 2026-01-31t08:15:30.123z ", Some(1_769_847_330_123)),
            ("2026-01-31T08:15:30+01", Some(1_769_843_730_000)),
            ("2026-01-31T08:15:30+01:30", Some(1_769_841_930_000)),
            ("2026-01-31T08:15:30-0130", Some(1_769_852_730_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("+12026-01-31", Some(317_339_337_600_000)),
            ("-0001-01-01T00:00Z", Some(-62_198_755_200_000)),
        ];
        for (text, time) in cases {
            assert_eq!(parse(text).map(|time| time.0), time, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "T",
            "2026-",
            "2026-1-1",
            "2026-13-01",
            "2026-02-29",
            "2026-366",
            "2026-W54",
            "2026-W05-0",
            "2026-W05-8",
            "2026-01-31T",
            "2026-01-31T24:00",
            "2026-01-31T08:60",
            "2026-01-31T08:15:61",
            "2026-01-31T08:15:30.",
            "2026-01-31T08:15:30+",
            "2026-01-31T08:15:30+24",
            "2026-01-31T08:15:30+01:60",
            "2026-01-31T08:15:30 UTC",
            "31.01.2026",
            "12026-01-31",
            "yesterday",
            "２０２６-01-31",
            "2026-01-31T08:15:30.5.5",
            "+9999999-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
