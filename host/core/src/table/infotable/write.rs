//! Writes a table as an InfoTable, straight from its columns.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, StringArray};

use super::definitions::Definition;
use super::stored::{Stored, Wrong};
use super::structured::stored;
use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::table::Table;
use crate::table::json::Dialect;
use crate::table::json::cell_context::ReadNested;
use crate::table::json::cells::Cells;
use crate::table::json::write::{definition, key};
use crate::table::pieces::Out;
use crate::table::problem::WriteError;

/// What is known of values that are kept as JSON text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Inner {
    /// A provider or a native client may have written them in another form that is taken; this reads tables within them.
    AsKept(ReadNested),
    /// They were just read, so that they are in the form that is written.
    Complete,
}

/// `{"dataShape":{"fieldDefinitions":{…}},"rows":[…]}`, unset values left out.
pub(super) async fn table(table: &Table, inner: Inner, out: &mut Out) -> Result<(), WriteError> {
    let mut columns = Vec::with_capacity(table.fields().len());
    for (field, column) in table.fields().iter().zip(table.columns()) {
        let key = key(field, out)?;
        let cells = Cells::new(field, column, Dialect::ThingWorx, out).await?;
        let turned = match inner {
            Inner::AsKept(nested) if field.base_type.is_json_text() && field.base_type != BaseType::Json => {
                Some(Turned { base_type: field.base_type, texts: column.as_string::<i32>(), nested })
            }
            Inner::AsKept(_) | Inner::Complete => None,
        };
        columns.push((key, column, cells, turned));
    }
    let limits = Limits::of_own_records();
    out.put(b"{\"dataShape\":{\"fieldDefinitions\":{")?;
    for (ordinal, field) in table.fields().iter().enumerate() {
        definition(ordinal, field, &Definition(ordinal, field), out).await?;
    }
    out.put(b"}}")?;
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
            match (turned, cells.long(row)) {
                (Some(turned), _) => turned.write(row, &limits, out).await?,
                (None, Some(long)) => long.write(out).await?,
                (None, None) => cells.write(row, out)?,
            }
            out.offer().await;
        }
        out.put(b"}")?;
        out.offer().await;
    }
    out.put(b"]}")
}

/// A column of JSON text that may stand in another form than ThingWorx expects.
struct Turned<'a> {
    base_type: BaseType,
    texts: &'a StringArray,
    nested: ReadNested,
}

impl Turned<'_> {
    /// Writes a value in the form that ThingWorx expects; what cannot be brought into it, as it is.
    async fn write(&self, row: usize, limits: &Limits, out: &mut Out) -> Result<(), WriteError> {
        let text = self.texts.value(row).trim();
        if text == "null" {
            return out.put(b"null");
        }
        match stored(self.base_type, text, Limits::default().json_depth, limits, out.left(), self.nested) {
            Ok(Stored::As(text)) => out.put_long(text.as_bytes()).await,
            Ok(Stored::Unset) => out.put(b"null"),
            Err(Wrong::TooMuch) => Err(out.too_large()),
            Ok(Stored::AsGiven) | Err(_) => out.put_long(text.as_bytes()).await,
        }
    }
}
