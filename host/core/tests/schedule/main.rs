//! When schedules fire: against what another library and another time zone database say, and against properties.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod clocks;
mod due;
mod parts;
mod properties;

use analyte_core::schedule::{Times, When};
use analyte_core::timestamp::Timestamp;

/// A time, to the minute or to the second.
fn at(text: &str) -> Timestamp {
    let whole = if text.len() == "2026-01-01T00:00Z".len() { text.replace('Z', ":00Z") } else { text.to_owned() };
    whole.parse().unwrap()
}

fn cron(expression: &str, time_zone: &str) -> Times {
    let when = When::Cron { expression: expression.to_owned(), time_zone: time_zone.to_owned() };
    Times::new(&when, Timestamp(0), None, None).unwrap()
}

fn every(every_ms: u64, anchor: Timestamp) -> Times {
    Times::new(&When::Interval { every_ms }, anchor, None, None).unwrap()
}

/// The fire times from `begin` on, before `end`.
fn between(times: &Times, begin: Timestamp, end: Timestamp) -> Vec<Timestamp> {
    let mut found = Vec::new();
    let mut last = Timestamp(begin.0 - 1);
    while let Some(next) = times.next_after(last).filter(|next| *next < end) {
        found.push(next);
        last = next;
    }
    found
}

/// The first fire times after this, as text.
fn first(times: &Times, after: &str, count: usize) -> Vec<String> {
    let mut last = at(after);
    let mut found = Vec::new();
    while let Some(next) = times.next_after(last).filter(|_| found.len() < count) {
        found.push(next.to_string().replace(":00.000Z", "Z"));
        last = next;
    }
    found
}
