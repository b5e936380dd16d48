//! Writes a table as CSV (RFC 4180): a header row, then the rows.
//!
//! DATETIME is RFC 3339 in UTC, other times whole milliseconds; non-finite numbers are `NaN`, `inf` and `-inf`; bytes are
//! base64. A missing value is an empty cell, and so is an empty text: this format cannot tell them apart. A row of one
//! empty cell is `""`, since readers pass over empty lines.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base_type::{BaseType, Kind};
use crate::shape::Field;
use crate::table::Table;
use crate::table::pieces::{LONG, Out};
use crate::table::problem::WriteError;
use crate::timestamp::Timestamp;

pub(crate) async fn write(table: &Table, out: &mut Out) -> Result<(), WriteError> {
    // What is sure to be too large is not begun: a comma or a line end follows each cell.
    out.check_least((table.rows() as u64).saturating_mul(table.fields().len() as u64))?;
    if table.fields().is_empty() {
        return Ok(());
    }
    let alone = table.fields().len() == 1;
    for (at, field) in table.fields().iter().enumerate() {
        put_cell(&field.name, at, alone, out).await?;
    }
    out.put(b"\r\n")?;
    let columns: Vec<(&Field, &ArrayRef)> = table.fields().iter().zip(table.columns()).collect();
    let mut cell = String::new();
    for row in 0..table.rows() {
        for (at, (field, column)) in columns.iter().enumerate() {
            cell.clear();
            if !column.is_null(row) {
                render(field, column, row, &mut cell);
            }
            put_cell(&cell, at, alone, out).await?;
        }
        out.put(b"\r\n")?;
    }
    Ok(())
}

#[inline]
async fn put_cell(cell: &str, at: usize, alone: bool, out: &mut Out) -> Result<(), WriteError> {
    if at > 0 {
        out.put(b",")?;
    }
    let quoted =
        if cell.is_empty() { alone } else { cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) };
    if quoted {
        out.put(b"\"")?;
        for (part, text) in cell.split('"').enumerate() {
            if part > 0 {
                out.put(b"\"\"")?;
            }
            out.put_long(text.as_bytes()).await?;
        }
        out.put(b"\"")?;
    } else if cell.len() <= LONG {
        out.put(cell.as_bytes())?;
    } else {
        out.put_long(cell.as_bytes()).await?;
    }
    out.offer().await;
    Ok(())
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
