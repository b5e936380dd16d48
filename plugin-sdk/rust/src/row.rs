//! Rows as structs.

use crate::cell::Cell;
use crate::column::{Column, NewColumn};
use crate::raw::tables::Field;
use crate::table::Table;
use crate::value::Value;
use crate::writer::Writer;
use crate::{Error, Result};

/// A struct whose fields are the columns of a table; made by `#[derive(Row)]`.
///
/// The struct gives the data shape and the mapping both ways:
///
/// * A field's type gives its base type, see [`Value`]; an `Option` may be missing.
/// * Its doc comment becomes its description.
/// * `#[row(rename = "…")]` gives the column another name, `#[row(unit = "…")]` says what it is measured in, and
///   `#[row(base_type = Text)]` gives it another [`BaseType`](crate::BaseType) of the same layout; that it is of the same
///   layout is checked when compiling.
///
/// ```
/// use analyte_sdk::{BaseType, Row};
///
/// #[derive(Row)]
/// struct Reading {
///     /// Where it was measured.
///     #[row(base_type = Thingcode)]
///     station: String,
///     /// Air temperature.
///     #[row(rename = "T", unit = "°C")]
///     temperature: Option<f64>,
/// }
///
/// let fields = Reading::fields();
/// assert_eq!(fields[0].base_type, BaseType::Thingcode);
/// assert_eq!((fields[1].name.as_str(), fields[1].nullable), ("T", true));
/// assert_eq!(fields[1].description, "Air temperature. Unit: °C");
/// ```
///
/// ```compile_fail
/// #[derive(analyte_sdk::Row)]
/// struct Reading {
///     #[row(base_type = Text)] // text is not a number
///     temperature: f64,
/// }
/// ```
pub trait Row: Sized {
    /// The columns of a table, opened for reading.
    #[doc(hidden)]
    type Reader<'t>;
    /// The columns being written.
    #[doc(hidden)]
    type Writers;
    /// The fields, in order.
    fn fields() -> Vec<Field>;
    #[doc(hidden)]
    fn reader(table: &Table) -> Result<Self::Reader<'_>>;
    #[doc(hidden)]
    fn read(reader: &Self::Reader<'_>, row: usize) -> Self;
    #[doc(hidden)]
    fn writers(rows: usize) -> Self::Writers;
    #[doc(hidden)]
    fn write(self, writers: &mut Self::Writers);
    #[doc(hidden)]
    fn finish(writers: Self::Writers) -> Vec<Writer>;

    #[doc(hidden)]
    fn write_all(rows: impl IntoIterator<Item = Self>) -> (Vec<NewColumn>, usize) {
        let rows = rows.into_iter();
        let mut writers = Self::writers(rows.size_hint().0);
        let mut count = 0;
        for row in rows {
            row.write(&mut writers);
            count += 1;
        }
        let written = Self::finish(writers);
        (
            Self::fields().into_iter().zip(written).map(|(field, writer)| NewColumn::finish(field, writer)).collect(),
            count,
        )
    }
}

/// No columns of its own: for an open shape that declares none.
impl Row for () {
    type Reader<'t> = ();
    type Writers = ();
    fn fields() -> Vec<Field> {
        Vec::new()
    }
    fn reader(_: &Table) -> Result<()> {
        Ok(())
    }
    fn read((): &(), _: usize) {}
    fn writers(_: usize) {}
    fn write(self, (): &mut ()) {}
    fn finish((): ()) -> Vec<Writer> {
        Vec::new()
    }
}

/// Opens a column for [`Row::read`].
#[doc(hidden)]
pub fn open<'t, C: Cell>(table: &'t Table, name: &str) -> Result<Column<'t, C::Value>> {
    let column = table.column::<C::Value>(name)?;
    if !C::NULLABLE && column.missing() > 0 {
        let row = column.validity().position(|valid| !valid).unwrap_or(0);
        let message = format!("Column `{name}` needs a value in every row, and has none in row {}.", row + 1);
        return Err(Error::new("missing-value", message).detail("column", name).detail("row", row + 1));
    }
    Ok(column)
}

/// A writer for a column of such cells.
#[doc(hidden)]
pub fn writer<C: Cell>(rows: usize) -> Writer {
    Writer::new(C::Value::KIND, rows)
}
