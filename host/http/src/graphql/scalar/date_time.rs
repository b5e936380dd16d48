//! Points in time: taken as RFC 3339, as seconds or as milliseconds since 1970; answered as RFC 3339.

use analyte_core::timestamp::Timestamp;
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// From this number on, a number counts milliseconds: as seconds it would be in the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// A point in time. Taken as RFC 3339 text, or as seconds or milliseconds since 1970 (a number, or a text that holds one);
/// answered as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) Timestamp);

fn read(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let number: i64 = text.parse().ok()?;
    let ms = if number.abs() < MILLISECONDS_FROM { number.checked_mul(1_000)? } else { number };
    Some(Timestamp(ms))
}

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let found = match &value {
            Value::String(text) => read(text.trim()),
            Value::Number(number) => number.as_i64().and_then(|number| read(&number.to_string())),
            _ => return Err(InputValueError::expected_type(value)),
        };
        found
            .map(Self)
            .ok_or_else(|| InputValueError::custom("a time is RFC 3339 text, or seconds or milliseconds since 1970"))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_) | Value::Number(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_in_three_forms() {
        let time = Some(Timestamp(1_634_630_768_000));
        for same in ["2021-10-19T08:06:08Z", "1634630768", "1634630768000"] {
            assert_eq!(read(same), time, "{same}");
        }
        for wrong in ["", "yesterday", "2021-10-19", "1.5"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
