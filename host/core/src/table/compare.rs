//! Compares a table with the one that was expected, as the worked examples of models do.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use serde_json::Value;

use crate::base_type::Kind;
use crate::shape::Field;
use crate::table::Table;
use crate::table::problem::clip;

/// The most differences that [`differences`] reports.
const MOST_DIFFERENCES: usize = 10;

/// Says how `got` differs from `expected`; empty where it does not.
///
/// Columns are compared by name and order, base type and values; kinds and descriptions may differ. Two NUMBERs are equal
/// where |got − expected| ≤ `tolerance` × max(1, |expected|), and NaN equals NaN. JSON text is compared as JSON.
pub fn differences(got: &Table, expected: &Table, tolerance: f64) -> Vec<String> {
    let names = |table: &Table| table.fields().iter().map(|field| field.name.to_string()).collect::<Vec<_>>();
    let mut found = Vec::new();
    if names(got) != names(expected) {
        let (got, expected) = (names(got).join(", "), names(expected).join(", "));
        found.push(format!("the columns are {}, and expected were {}", clip(&got, 500), clip(&expected, 500)));
    }
    if got.rows() != expected.rows() {
        found.push(format!("there are {} rows, and expected were {}", got.rows(), expected.rows()));
    }
    if !found.is_empty() {
        return found;
    }
    let left = got.fields().iter().zip(got.columns());
    let right = expected.fields().iter().zip(expected.columns());
    for ((got_field, got), (field, expected)) in left.zip(right) {
        let name = &field.name;
        if got_field.base_type != field.base_type {
            found.push(format!("column `{name}` is {}, and expected was {}", got_field.base_type, field.base_type));
            continue;
        }
        for row in 0..expected.len() {
            let (got, expected) = (cell(got_field, got, row), cell(field, expected, row));
            if !got.equals(&expected, tolerance) {
                let (got, expected) = (got.show(), expected.show());
                found.push(format!("column `{name}`, row {}: {got}, and expected was {expected}", row + 1));
            }
            if found.len() >= MOST_DIFFERENCES {
                return found;
            }
        }
    }
    found
}

enum Cell<'a> {
    Missing,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(&'a str),
    Json(&'a str),
    Bytes(&'a [u8]),
}

fn cell<'a>(field: &Field, column: &'a ArrayRef, row: usize) -> Cell<'a> {
    if column.is_null(row) {
        return Cell::Missing;
    }
    match field.kind {
        Kind::Bool => Cell::Bool(column.as_boolean().value(row)),
        Kind::Int32 => Cell::Whole(column.as_primitive::<Int32Type>().value(row).into()),
        Kind::Int64 => Cell::Whole(column.as_primitive::<Int64Type>().value(row)),
        Kind::Float32 => Cell::Number(column.as_primitive::<Float32Type>().value(row).into()),
        Kind::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(row)),
        Kind::Utf8 if field.base_type.is_json_text() => Cell::Json(column.as_string::<i32>().value(row)),
        Kind::Utf8 => Cell::Text(column.as_string::<i32>().value(row)),
        Kind::Binary => Cell::Bytes(column.as_binary::<i32>().value(row)),
    }
}

impl Cell<'_> {
    fn equals(&self, expected: &Self, tolerance: f64) -> bool {
        match (self, expected) {
            (Self::Missing, Self::Missing) => true,
            (Self::Bool(got), Self::Bool(expected)) => got == expected,
            (Self::Whole(got), Self::Whole(expected)) => got == expected,
            (Self::Number(got), Self::Number(expected)) => close(*got, *expected, tolerance),
            (Self::Text(got), Self::Text(expected)) => got == expected,
            (Self::Bytes(got), Self::Bytes(expected)) => got == expected,
            (Self::Json(got), Self::Json(expected)) => {
                let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
                got == expected || parse(got).is_some_and(|got| parse(expected) == Some(got))
            }
            _ => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Missing => "missing".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Whole(value) => value.to_string(),
            Self::Number(value) => format!("{value:?}"),
            Self::Text(text) => format!("{:?}", clip(text, 80)),
            Self::Json(text) => clip(text, 80),
            Self::Bytes(bytes) => format!("{} bytes", bytes.len()),
        }
    }
}

fn close(got: f64, expected: f64, tolerance: f64) -> bool {
    #[expect(clippy::float_cmp, reason = "infinities are equal to themselves only, and their difference is no number")]
    let same = got == expected;
    let near = || (got - expected).abs() <= tolerance * expected.abs().max(1.0);
    same || (got.is_nan() && expected.is_nan()) || (got.is_finite() && expected.is_finite() && near())
}
