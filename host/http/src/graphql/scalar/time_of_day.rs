//! Times of day.

use analyte_core::schedule;
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A time of day: `08:30` or `08:30:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeOfDay(pub(crate) schedule::TimeOfDay);

fn read(text: &str) -> Option<TimeOfDay> {
    // Some clients write a zone behind it, which is UTC.
    let text = text.trim().trim_end_matches('Z');
    let text = text.split_once('.').map_or(text, |(whole, _)| whole);
    let mut parts = text.split(':');
    let mut part = |most: u32| {
        let text = parts.next().filter(|text| text.len() <= 2)?;
        text.parse::<u32>().ok().filter(|number| *number < most)
    };
    let (hours, minutes) = (part(24)?, part(60)?);
    let seconds = if text.matches(':').count() == 2 { part(60)? } else { 0 };
    if text.matches(':').count() > 2 {
        return None;
    }
    schedule::TimeOfDay::try_from(hours * 3_600 + minutes * 60 + seconds).ok().map(TimeOfDay)
}

#[Scalar(name = "Time")]
impl ScalarType for TimeOfDay {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        read(text).ok_or_else(|| InputValueError::custom("a time of day is written like 08:30 or 08:30:00"))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        let all = u32::from(self.0);
        let (hours, minutes, seconds) = (all / 3_600, all / 60 % 60, all % 60);
        Value::String(format!("{hours:02}:{minutes:02}:{seconds:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_read_and_written() {
        for (text, seconds) in [("08:30", 30_600), ("08:30:01", 30_601), ("23:59:59.000Z", 86_399), ("0:00", 0)] {
            assert_eq!(read(text).map(|time| u32::from(time.0)), Some(seconds), "{text}");
        }
        let written = read("08:30:01").map(|time| time.to_value());
        assert_eq!(written, Some(Value::String("08:30:01".to_owned())));
        for wrong in ["", "8", "24:00", "08:60", "08:30:00:00", "x:y"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
