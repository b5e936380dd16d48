//! Single values of a column as JSON.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base_type::Kind;
use crate::shape::Field;
use crate::table::json::Dialect;
use crate::table::json::text;
use crate::table::json::write::json;
use crate::table::pieces::{LONG, Out};
use crate::table::problem::WriteError;

/// This many bytes of JSON text are checked between two stops, and this many numbers looked at.
const CHECKED: usize = 1024 * 1024;

/// A column by its kind, so that the kind is looked at once and not for every value.
pub(in crate::table) struct Cells<'a> {
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
    /// Of this column. Refused here, before anything is written of it, is what has no form in JSON.
    pub(in crate::table) async fn new(
        field: &Field,
        column: &'a ArrayRef,
        dialect: Dialect,
        out: &mut Out,
    ) -> Result<Self, WriteError> {
        let kind = match field.kind {
            Kind::Bool => Typed::Bool(column.as_boolean()),
            Kind::Int32 => Typed::Int32(column.as_primitive::<Int32Type>()),
            Kind::Int64 => Typed::Int64(column.as_primitive::<Int64Type>()),
            Kind::Float32 => Typed::Float32(column.as_primitive::<Float32Type>()),
            Kind::Float64 => Typed::Float64(column.as_primitive::<Float64Type>()),
            Kind::Binary => Typed::Binary(column.as_binary::<i32>()),
            Kind::Utf8 if field.base_type.is_json_text() => {
                let column = column.as_string::<i32>();
                check_json(field, column, out).await?;
                Typed::Json(column)
            }
            Kind::Utf8 => Typed::Text(column.as_string::<i32>()),
        };
        let cells = Self { column, dialect, kind };
        if dialect == Dialect::ThingWorx {
            cells.check_finite(out).await?;
        }
        Ok(cells)
    }

    /// Writes one value in one go.
    #[inline]
    pub(in crate::table) fn write(&self, row: usize, out: &mut Out) -> Result<(), WriteError> {
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

    /// The value, where it is too long to be written in one go.
    #[inline]
    pub(in crate::table) fn long(&self, row: usize) -> Option<Long<'a>> {
        let long = match self.kind {
            Typed::Text(column) => Long::Text(column.value(row)),
            Typed::Json(column) => Long::Json(column.value(row)),
            Typed::Binary(column) => Long::Binary(column.value(row)),
            _ => return None,
        };
        (long.len() > LONG && !self.column.is_null(row)).then_some(long)
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

    async fn check_finite(&self, out: &mut Out) -> Result<(), WriteError> {
        let finite = |row: usize| match self.kind {
            Typed::Float32(column) => column.value(row).is_finite(),
            Typed::Float64(column) => column.value(row).is_finite(),
            _ => true,
        };
        if !matches!(self.kind, Typed::Float32(_) | Typed::Float64(_)) {
            return Ok(());
        }
        for row in 0..self.column.len() {
            if !finite(row) && !self.column.is_null(row) {
                return Err(WriteError::NonFinite);
            }
            if row % CHECKED == CHECKED - 1 {
                out.stop().await;
            }
        }
        Ok(())
    }
}

/// A value that is written part by part.
pub(in crate::table) enum Long<'a> {
    Text(&'a str),
    Json(&'a str),
    Binary(&'a [u8]),
}

impl Long<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Writes all of it, offering it on the way.
    pub(in crate::table) async fn write(&self, out: &mut Out) -> Result<(), WriteError> {
        match self {
            Self::Json(text) => return out.put_long(text.as_bytes()).await,
            Self::Text(text) => {
                out.put(b"\"")?;
                let mut left = *text;
                while !left.is_empty() {
                    let (part, rest) = left.split_at(left.floor_char_boundary(LONG));
                    left = rest;
                    let quoted = serde_json::to_vec(part).map_err(|error| WriteError::Failed(error.to_string()))?;
                    out.put(quoted.get(1..quoted.len() - 1).unwrap_or_default())?;
                    out.offer().await;
                }
            }
            Self::Binary(bytes) => {
                out.put(b"\"")?;
                // A whole number of groups of three bytes, so that only the last part is padded.
                for part in bytes.chunks(LONG / 4 * 3) {
                    out.put(STANDARD.encode(part).as_bytes())?;
                    out.offer().await;
                }
            }
        }
        out.put(b"\"")
    }
}

async fn check_json(field: &Field, column: &StringArray, out: &mut Out) -> Result<(), WriteError> {
    let mut checked = 0;
    for (row, value) in column.iter().enumerate() {
        let Some(text) = value else { continue };
        if let Err(message) = text::check(text, u64::MAX) {
            return Err(WriteError::NotJson { field: field.name.to_string(), row: row as u64 + 1, message });
        }
        checked += text.len();
        if checked >= CHECKED {
            checked = 0;
            out.stop().await;
        }
    }
    Ok(())
}
