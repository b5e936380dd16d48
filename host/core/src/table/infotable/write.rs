//! Writes a table as an InfoTable, straight from its columns.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, StringArray};

use super::definitions::DataShape;
use super::structured::{Stored, Wrong, stored};
use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::table::Table;
use crate::table::bounded::Bounded;
use crate::table::format::WriteError;
use crate::table::json_read::Dialect;
use crate::table::json_write::{Cells, json};
use crate::table::record::unlimited;

/// What is known of values that are kept as JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inner {
    /// A provider or a native client may have written them in another form that is taken.
    AsKept,
    /// They were just read, so that they are in the form that is written.
    Complete,
}

/// `{"dataShape":{"fieldDefinitions":{…}},"rows":[…]}`, unset values left out.
pub(super) fn table(table: &Table, inner: Inner, most: u64) -> Result<Vec<u8>, WriteError> {
    let mut columns = Vec::with_capacity(table.fields().len());
    for (field, column) in table.fields().iter().zip(table.columns()) {
        let mut key = Bounded::new(most);
        json(&mut key, field.name.as_ref())?;
        key.put(b":")?;
        let cells = Cells::new(field, column, Dialect::ThingWorx)?;
        let turned = inner == Inner::AsKept && field.base_type.is_json_text() && field.base_type != BaseType::Json;
        let turned = turned.then(|| (field.base_type, column.as_string::<i32>()));
        columns.push((key.into_bytes(), column, cells, turned));
    }
    let limits = unlimited();
    let mut out = Bounded::new(most);
    out.put(b"{\"dataShape\":")?;
    json(&mut out, &DataShape(table.fields()))?;
    // What is sure to be too large is not begun: each row has at least braces and a comma.
    out.check_least((table.rows() as u64).saturating_mul(3))?;
    out.put(b",\"rows\":[")?;
    for row in 0..table.rows() {
        out.put(if row == 0 { b"{" } else { b",{" })?;
        let mut first = true;
        for (key, column, cells, turned) in &columns {
            if column.is_null(row) {
                continue;
            }
            if !first {
                out.put(b",")?;
            }
            first = false;
            out.put(key)?;
            match turned {
                Some((base_type, texts)) => write_turned(*base_type, texts, row, &limits, &mut out)?,
                None => cells.write(row, &mut out)?,
            }
        }
        out.put(b"}")?;
    }
    out.put(b"]}")?;
    Ok(out.into_bytes())
}

/// Writes JSON text in the form that ThingWorx expects; what cannot be brought into it, as it is.
fn write_turned(
    base_type: BaseType,
    texts: &StringArray,
    row: usize,
    limits: &Limits,
    out: &mut Bounded,
) -> Result<(), WriteError> {
    let text = texts.value(row).trim();
    if text == "null" {
        return out.put(b"null");
    }
    match stored(base_type, text, Limits::default().json_depth, limits, out.left()) {
        Ok(Stored::As(text)) => out.put(text.as_bytes()),
        Ok(Stored::Unset) => out.put(b"null"),
        Err(Wrong::TooMuch) => Err(out.too_large()),
        Ok(Stored::AsGiven) | Err(_) => out.put(text.as_bytes()),
    }
}
