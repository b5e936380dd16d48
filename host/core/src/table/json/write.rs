//! Writes a table as JSON, straight from its columns.
//!
//! Missing values and non-finite numbers are `null`, DATETIME and TIMESPAN whole milliseconds, bytes base64; columns of
//! JSON text are written as they are, after a check that they are JSON.

use serde::Serialize;

use crate::shape::Field;
use crate::shape::json::Definition;
use crate::table::Table;
use crate::table::json::Dialect;
use crate::table::json::cells::Cells;
use crate::table::pieces::{Out, whole};
use crate::table::problem::WriteError;

/// `{"dataShape":…,"rows":[{…},…]}`, of a record of our own, of at most `most` bytes.
pub(crate) fn record(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    whole(most, async |out| rows(table, Dialect::Record, out).await)
}

/// `{"dataShape":…,"rows":[{…},…]}`
pub(crate) async fn rows(table: &Table, dialect: Dialect, out: &mut Out) -> Result<(), WriteError> {
    let columns = cells(table, dialect, out).await?;
    let mut keys = Vec::with_capacity(columns.len());
    for field in table.fields().iter() {
        keys.push(key(field, out)?);
    }
    begin(table, out).await?;
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
            match column.long(row) {
                Some(long) => long.write(out).await?,
                None => column.write(row, out)?,
            }
            out.offer().await;
        }
        out.put(b"}")?;
    }
    out.put(b"]}")
}

/// `{"dataShape":…,"columns":{"name":[…],…}}`
pub(crate) async fn columns(table: &Table, out: &mut Out) -> Result<(), WriteError> {
    let columns = cells(table, Dialect::Client, out).await?;
    begin(table, out).await?;
    // What is sure to be too large is not begun: each value has a byte and a comma, or the bracket after the last.
    out.check_least((table.rows() as u64).saturating_mul(table.fields().len() as u64).saturating_mul(2))?;
    out.put(b"\"columns\":{")?;
    for (at, (field, column)) in table.fields().iter().zip(columns).enumerate() {
        if at > 0 {
            out.put(b",")?;
        }
        json(out, field.name.as_ref())?;
        out.put(b":[")?;
        for row in 0..table.rows() {
            if row > 0 {
                out.put(b",")?;
            }
            match column.long(row) {
                Some(long) => long.write(out).await?,
                None => column.write(row, out)?,
            }
            out.offer().await;
        }
        out.put(b"]")?;
    }
    out.put(b"}}")
}

/// The document up to its values.
async fn begin(table: &Table, out: &mut Out) -> Result<(), WriteError> {
    out.put(b"{\"dataShape\":{\"fieldDefinitions\":{")?;
    for (ordinal, field) in table.fields().iter().enumerate() {
        definition(ordinal, field, &Definition(ordinal, field), out).await?;
    }
    out.put(b"}},")
}

/// Writes one entry of `fieldDefinitions`.
pub(in crate::table) async fn definition(
    ordinal: usize,
    field: &Field,
    definition: &(impl Serialize + Sync),
    out: &mut Out,
) -> Result<(), WriteError> {
    if ordinal > 0 {
        out.put(b",")?;
    }
    json(out, field.name.as_ref())?;
    out.put(b":")?;
    json(out, definition)?;
    out.offer().await;
    Ok(())
}

/// `"NAME":`
pub(in crate::table) fn key(field: &Field, out: &Out) -> Result<Vec<u8>, WriteError> {
    whole(out.left(), async |key| {
        json(key, field.name.as_ref())?;
        key.put(b":")
    })
    .map_err(|_| out.too_large())
}

pub(in crate::table) fn json(out: &mut Out, value: &(impl Serialize + ?Sized)) -> Result<(), WriteError> {
    serde_json::to_writer(&mut *out, value).map_err(|error| out.reason(&error))
}

async fn cells<'t>(table: &'t Table, dialect: Dialect, out: &mut Out) -> Result<Vec<Cells<'t>>, WriteError> {
    let mut cells = Vec::with_capacity(table.fields().len());
    for (field, column) in table.fields().iter().zip(table.columns()) {
        cells.push(Cells::new(field, column, dialect, out).await?);
    }
    Ok(cells)
}
