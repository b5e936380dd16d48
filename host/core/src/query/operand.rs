//! What a field is compared with.

use std::cmp::Ordering;

use crate::query::Field;
use crate::query::case_folding::{as_compared, fold};
use crate::query::number::Number;
use crate::query::time;

/// A value of a query, read once for every type of field that it may meet.
///
/// It takes the type of the field, as values of a service's parameters do: `"35"` is a number to a number, a number is its
/// digits to a text, and a time is a date, or milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    text: Box<str>,
    folded: Box<str>,
    number: Option<Number>,
    time: Option<Number>,
    boolean: Option<bool>,
}

impl Operand {
    /// Of a text, a number or a truth value; `None` for anything else.
    pub fn of(value: &serde_json::Value) -> Option<Self> {
        use serde_json::Value;
        Some(match value {
            Value::String(text) => Self {
                time: time::parse(text).map(Number::Whole).or_else(|| Number::parse(text)),
                number: Number::parse(text),
                boolean: match fold(text).as_ref() {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => None,
                },
                folded: fold(text).into(),
                text: text.as_str().into(),
            },
            Value::Number(number) => {
                let text = number.to_string();
                let value = number.as_i64().map(Number::Whole).or_else(|| number.as_f64().and_then(Number::of));
                Self { folded: text.as_str().into(), text: text.into(), number: value, time: value, boolean: None }
            }
            Value::Bool(value) => {
                let text = if *value { "true" } else { "false" };
                Self { text: text.into(), folded: text.into(), number: None, time: None, boolean: Some(*value) }
            }
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        })
    }

    /// As a text is compared with it.
    pub fn text(&self, case_sensitive: bool) -> &str {
        if case_sensitive { &self.text } else { &self.folded }
    }

    /// As a number, if it is one.
    pub fn number(&self) -> Option<Number> {
        self.number
    }

    /// As milliseconds since 1970, if it is a time.
    pub fn time(&self) -> Option<Number> {
        self.time
    }

    /// As a truth value, if it is one.
    pub fn boolean(&self) -> Option<bool> {
        self.boolean
    }

    /// How a field stands to it; `None` where they cannot be compared.
    pub fn order(&self, field: &Field<'_>, case_sensitive: bool) -> Option<Ordering> {
        match field {
            Field::Boolean(value) => Some(value.cmp(&self.boolean?)),
            Field::Integer(value) | Field::Timespan(value) => Some(Number::Whole(*value).cmp(&self.number?)),
            Field::Number(value) => Some(Number::of(*value)?.cmp(&self.number?)),
            Field::Datetime(value) => Some(Number::Whole(value.0).cmp(&self.time?)),
            Field::Text(value) => Some(as_compared(value, case_sensitive).as_ref().cmp(self.text(case_sensitive))),
            Field::Missing | Field::Location { .. } | Field::Tags(_) | Field::Other => None,
        }
    }
}
