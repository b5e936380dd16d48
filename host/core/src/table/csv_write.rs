//! Writes a table as CSV (RFC 4180): a header row, then the rows.
//!
//! DATETIME is RFC 3339 in UTC, other times whole milliseconds; non-finite numbers are `NaN`, `inf` and `-inf`; bytes are
//! base64. A missing value is an empty cell, and so is an empty text: this format cannot tell them apart.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use csv::{Terminator, WriterBuilder};

use crate::base_type::{BaseType, Kind};
use crate::shape::Field;
use crate::table::Table;
use crate::table::bounded::Bounded;
use crate::table::format::WriteError;
use crate::timestamp::Timestamp;

pub(crate) fn write(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    let mut out = Bounded::new(most);
    // What is sure to be too large is not begun: a comma or a line end follows each cell.
    out.check_least((table.rows() as u64).saturating_mul(table.fields().len() as u64))?;
    match write_rows(table, &mut out) {
        Ok(()) => Ok(out.into_bytes()),
        Err(error) => Err(out.reason(&error)),
    }
}

fn write_rows(table: &Table, out: &mut Bounded) -> Result<(), csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    if !table.fields().is_empty() {
        writer.write_record(table.fields().iter().map(|field| field.name.as_bytes()))?;
        let columns: Vec<(&Field, &ArrayRef)> = table.fields().iter().zip(table.columns()).collect();
        let mut cell = String::new();
        for row in 0..table.rows() {
            for (field, column) in &columns {
                cell.clear();
                if !column.is_null(row) {
                    render(field, column, row, &mut cell);
                }
                writer.write_field(&cell)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
    }
    Ok(writer.flush()?)
}

/// Appends one value as text.
pub(crate) fn render(field: &Field, column: &ArrayRef, row: usize, out: &mut String) {
    match field.kind {
        Kind::Bool => out.push_str(if column.as_boolean().value(row) { "true" } else { "false" }),
        Kind::Int32 => out.push_str(itoa::Buffer::new().format(column.as_primitive::<Int32Type>().value(row))),
        Kind::Int64 => {
            let value = column.as_primitive::<Int64Type>().value(row);
            if field.base_type == BaseType::Datetime {
                out.push_str(&Timestamp(value).to_string());
            } else {
                out.push_str(itoa::Buffer::new().format(value));
            }
        }
        // ryu writes `NaN`, `inf` and `-inf` as this format does.
        Kind::Float32 => out.push_str(ryu::Buffer::new().format(column.as_primitive::<Float32Type>().value(row))),
        Kind::Float64 => out.push_str(ryu::Buffer::new().format(column.as_primitive::<Float64Type>().value(row))),
        Kind::Utf8 => out.push_str(column.as_string::<i32>().value(row)),
        Kind::Binary => STANDARD.encode_string(column.as_binary::<i32>().value(row), out),
    }
}
