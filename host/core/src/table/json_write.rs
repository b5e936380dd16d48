//! Writes a table as JSON, straight from its columns.
//!
//! Missing values and non-finite numbers are `null`, DATETIME and TIMESPAN whole milliseconds, bytes base64; columns of
//! JSON text are written as they are, after a check that they are JSON.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::base_type::Kind;
use crate::shape::{Field, Rest, Shape};
use crate::table::Table;
use crate::table::bounded::Bounded;
use crate::table::format::WriteError;
use crate::table::json_read::Dialect;
use crate::table::json_text;

/// `{"dataShape":…,"rows":[{…},…]}`
pub(crate) fn rows(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    rows_in(table, Dialect::Client, most)
}

/// The same, in the dialect of records if asked for.
pub(crate) fn rows_in(table: &Table, dialect: Dialect, most: u64) -> Result<Vec<u8>, WriteError> {
    let columns = cells(table, dialect)?;
    let mut keys = Vec::with_capacity(columns.len());
    for field in table.fields().iter() {
        let mut key = Bounded::new(most);
        json(&mut key, field.name.as_ref())?;
        key.put(b":")?;
        keys.push(key.into_bytes());
    }
    let mut out = begin(table, most)?;
    // What is sure to be too large is not begun: each row has braces, and each value its key, a byte and a comma.
    let row: u64 = keys.iter().map(|key| key.len() as u64 + 2).sum::<u64>() + 1;
    out.check_least((table.rows() as u64).saturating_mul(row))?;
    out.put(b"\"rows\":[")?;
    for row in 0..table.rows() {
        out.put(if row == 0 { b"{" } else { b",{" })?;
        for (at, (key, column)) in keys.iter().zip(&columns).enumerate() {
            if at > 0 {
                out.put(b",")?;
            }
            out.put(key)?;
            column.write(row, &mut out)?;
        }
        out.put(b"}")?;
    }
    out.put(b"]}")?;
    Ok(out.into_bytes())
}

/// `{"dataShape":…,"columns":{"name":[…],…}}`
pub(crate) fn columns(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    let mut out = begin(table, most)?;
    // What is sure to be too large is not begun: each value has a byte and a comma, or the bracket after the last.
    out.check_least((table.rows() as u64).saturating_mul(table.fields().len() as u64).saturating_mul(2))?;
    out.put(b"\"columns\":{")?;
    for (at, (field, column)) in table.fields().iter().zip(cells(table, Dialect::Client)?).enumerate() {
        if at > 0 {
            out.put(b",")?;
        }
        json(&mut out, field.name.as_ref())?;
        out.put(b":[")?;
        for row in 0..table.rows() {
            if row > 0 {
                out.put(b",")?;
            }
            column.write(row, &mut out)?;
        }
        out.put(b"]")?;
    }
    out.put(b"}}")?;
    Ok(out.into_bytes())
}

/// The document up to its values.
fn begin(table: &Table, most: u64) -> Result<Bounded, WriteError> {
    let mut out = Bounded::new(most);
    out.put(b"{\"dataShape\":")?;
    json(&mut out, &Shape { fields: table.fields().clone(), rest: Rest::None })?;
    out.put(b",")?;
    Ok(out)
}

pub(super) fn json(out: &mut Bounded, value: &(impl Serialize + ?Sized)) -> Result<(), WriteError> {
    serde_json::to_writer(&mut *out, value).map_err(|error| out.reason(&error))
}

fn cells(table: &Table, dialect: Dialect) -> Result<Vec<Cells<'_>>, WriteError> {
    let columns = table.fields().iter().zip(table.columns());
    columns.map(|(field, column)| Cells::new(field, column, dialect)).collect()
}

/// A column by its kind, so that the kind is looked at once and not for every value.
pub(super) struct Cells<'a> {
    column: &'a ArrayRef,
    dialect: Dialect,
    kind: Typed<'a>,
}

enum Typed<'a> {
    Bool(&'a BooleanArray),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array),
    Text(&'a StringArray),
    Json(&'a StringArray),
    Binary(&'a BinaryArray),
}

impl<'a> Cells<'a> {
    pub(super) fn new(field: &Field, column: &'a ArrayRef, dialect: Dialect) -> Result<Self, WriteError> {
        let kind = match field.kind {
            Kind::Bool => Typed::Bool(column.as_boolean()),
            Kind::Int32 => Typed::Int32(column.as_primitive::<Int32Type>()),
            Kind::Int64 => Typed::Int64(column.as_primitive::<Int64Type>()),
            Kind::Float32 => Typed::Float32(column.as_primitive::<Float32Type>()),
            Kind::Float64 => Typed::Float64(column.as_primitive::<Float64Type>()),
            Kind::Binary => Typed::Binary(column.as_binary::<i32>()),
            Kind::Utf8 if field.base_type.is_json_text() => {
                let column = column.as_string::<i32>();
                check_json(field, column)?;
                Typed::Json(column)
            }
            Kind::Utf8 => Typed::Text(column.as_string::<i32>()),
        };
        Ok(Self { column, dialect, kind })
    }

    #[inline]
    pub(super) fn write(&self, row: usize, out: &mut Bounded) -> Result<(), WriteError> {
        if self.column.is_null(row) {
            return out.put(b"null");
        }
        match self.kind {
            Typed::Bool(column) => out.put(if column.value(row) { b"true" } else { b"false" }),
            Typed::Int32(column) => out.put(itoa::Buffer::new().format(column.value(row)).as_bytes()),
            Typed::Int64(column) => out.put(itoa::Buffer::new().format(column.value(row)).as_bytes()),
            Typed::Float32(column) => match column.value(row) {
                value if value.is_finite() => out.put(ryu::Buffer::new().format_finite(value).as_bytes()),
                value => out.put(self.non_finite(f64::from(value))?),
            },
            Typed::Float64(column) => match column.value(row) {
                value if value.is_finite() => out.put(ryu::Buffer::new().format_finite(value).as_bytes()),
                value => out.put(self.non_finite(value)?),
            },
            Typed::Text(column) => json(out, column.value(row)),
            Typed::Json(column) => out.put(column.value(row).as_bytes()),
            Typed::Binary(column) => {
                out.put(b"\"")?;
                out.put(STANDARD.encode(column.value(row)).as_bytes())?;
                out.put(b"\"")
            }
        }
    }

    fn non_finite(&self, value: f64) -> Result<&'static [u8], WriteError> {
        match self.dialect {
            Dialect::Client => Ok(b"null"),
            Dialect::Record if value.is_nan() => Ok(b"\"NaN\""),
            Dialect::Record if value > 0.0 => Ok(b"\"inf\""),
            Dialect::Record => Ok(b"\"-inf\""),
            Dialect::ThingWorx => Err(WriteError::NonFinite),
        }
    }
}

fn check_json(field: &Field, column: &StringArray) -> Result<(), WriteError> {
    for (row, value) in column.iter().enumerate() {
        if let Some(Err(message)) = value.map(|text| json_text::check(text, u64::MAX)) {
            return Err(WriteError::NotJson { field: field.name.to_string(), row: row as u64 + 1, message });
        }
    }
    Ok(())
}
