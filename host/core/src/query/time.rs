//! Times as a query may write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Milliseconds since 1970 of an ISO 8601 text: a date (calendar, ordinal or week), alone or with a time; with an offset,
/// or in UTC where it has none.
pub(super) fn parse(text: &str) -> Option<i64> {
    const DATES: [&str; 3] = ["%Y-%m-%d", "%Y-%j", "%G-W%V-%u"];
    const TIMES: [&str; 2] = ["%H:%M:%S%.f", "%H:%M"];
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    // `parse_from_rfc3339` takes a small `z` too; the formats below know offsets as digits only.
    let zoned = text.strip_suffix(['Z', 'z']).map(|rest| format!("{rest}+0000"));
    let text = zoned.as_deref().unwrap_or(text);
    for date in DATES {
        if let Ok(day) = NaiveDate::parse_from_str(text, date) {
            return Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis());
        }
        for time in TIMES {
            let local = format!("{date}T{time}");
            if let Ok(time) = NaiveDateTime::parse_from_str(text, &local) {
                return Some(time.and_utc().timestamp_millis());
            }
            if let Ok(time) = DateTime::parse_from_str(text, &format!("{local}%z")) {
                return Some(time.timestamp_millis());
            }
        }
    }
    None
}
