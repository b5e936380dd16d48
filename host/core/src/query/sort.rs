//! The order of rows.

use std::cmp::Ordering;

use crate::query::case_folding::as_compared;
use crate::query::number::Number;
use crate::query::{Field, Fields};

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// What is looked at.
    pub field: String,
    /// Small values first, else last.
    pub ascending: bool,
    /// Whether texts that differ by case only differ.
    pub case_sensitive: bool,
}

/// Where a row stands under some sorts: the keys of rows compare as the rows do.
///
/// Ascending, missing values come first, then false and true, numbers (NaN after all of them), times, texts by their
/// characters, and last what cannot be compared, all of it equal. Descending is the exact reverse. Rows whose keys are
/// equal keep their order if the sort is stable. Only keys made with the same sorts can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey(Vec<Part>);

impl SortKey {
    /// Of a row.
    pub fn of(row: &(impl Fields + ?Sized), sorts: &[Sort]) -> Self {
        let part = |sort: &Sort| {
            let value = Value::of(row.field(&sort.field), sort.case_sensitive);
            if sort.ascending { Part::Up(value) } else { Part::Down(std::cmp::Reverse(value)) }
        };
        Self(sorts.iter().map(part).collect())
    }
}

/// Which of two rows comes first.
pub fn compare_rows(one: &(impl Fields + ?Sized), other: &(impl Fields + ?Sized), sorts: &[Sort]) -> Ordering {
    SortKey::of(one, sorts).cmp(&SortKey::of(other, sorts))
}

/// Keys of the same sorts have the same direction in the same place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Up(Value),
    Down(std::cmp::Reverse<Value>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Missing,
    Boolean(bool),
    Number(Number),
    NotANumber,
    Time(i64),
    Text(Box<str>),
    Other,
}

impl Value {
    fn of(field: Field<'_>, case_sensitive: bool) -> Self {
        match field {
            Field::Missing => Self::Missing,
            Field::Boolean(value) => Self::Boolean(value),
            Field::Integer(value) | Field::Timespan(value) => Self::Number(Number::Whole(value)),
            Field::Number(value) => Number::of(value).map_or(Self::NotANumber, Self::Number),
            Field::Datetime(time) => Self::Time(time.0),
            Field::Text(text) => Self::Text(as_compared(&text, case_sensitive).into()),
            Field::Location { .. } | Field::Tags(_) | Field::Other => Self::Other,
        }
    }
}
