//! A table: named columns of equal length.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use crate::column::{Column, NewColumn};
use crate::raw::tables;
use crate::row::Row;
use crate::value::Value;
use crate::{BaseType, Error, Kind, Result};

/// Named columns of equal length: what comes into a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    raw: tables::Table,
    rows: usize,
}

/// What a column of a table is, before looking into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnType<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its values mean.
    pub base_type: BaseType,
    /// How they lie in memory.
    pub kind: Kind,
}

impl ColumnType<'_> {
    /// Whether it is NUMBER, INTEGER or LONG: what `rest: numeric` admits.
    pub fn is_numeric(&self) -> bool {
        matches!(self.base_type, BaseType::Number | BaseType::Integer | BaseType::Long)
    }
}

impl Table {
    /// Puts columns together. Refuses two of one name (`duplicate-column`) and unequal lengths (`ragged-columns`).
    pub fn new(columns: impl IntoIterator<Item = NewColumn>) -> Result<Self> {
        let (table, _) = assemble(columns, None)?;
        Self::try_from(table)
    }

    /// A table of rows.
    pub fn of_rows<R: Row>(rows: impl IntoIterator<Item = R>) -> Result<Self> {
        let (columns, count) = R::write_all(rows);
        let (table, _) = assemble(columns, Some(count))?;
        Self::try_from(table)
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What the columns are, in order.
    pub fn column_types(&self) -> impl ExactSizeIterator<Item = ColumnType<'_>> {
        self.raw.columns.iter().map(|column| ColumnType {
            name: &column.name,
            base_type: column.base_type,
            kind: column.kind,
        })
    }

    /// The columns that are NUMBER, INTEGER or LONG, in order, as `f64`.
    pub fn numeric_columns(&self) -> Result<Vec<Column<'_, f64>>> {
        let names = self.column_types().filter(ColumnType::is_numeric).map(|column| column.name);
        names.map(|name| self.numeric(name)).collect()
    }

    /// The column of this name. Fails with `no-such-column`, or `wrong-type` where it holds other values than `T`.
    pub fn column<T: Value>(&self, name: &str) -> Result<Column<'_, T>> {
        Column::open(self.find(name)?, self.rows)
    }

    /// The column of this name as `f64`, whichever numbers it holds: in place where they are `float64`, converted once
    /// where not (whole numbers beyond 2⁵³ are rounded). Fails with `no-such-column` or `not-numeric`.
    pub fn numeric(&self, name: &str) -> Result<Column<'_, f64>> {
        Column::open_numeric(self.find(name)?, self.rows)
    }

    fn find(&self, name: &str) -> Result<&tables::Column> {
        self.raw
            .columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| Error::new("no-such-column", format!("There is no column `{name}`.")).detail("column", name))
    }

    /// The rows as structs. Columns beyond the struct's are passed over. Fails where a column is not there, is of
    /// another type, or lacks a value (`missing-value`) that the struct needs.
    ///
    /// ```
    /// use analyte_sdk::prelude::*;
    ///
    /// #[derive(Row, Debug, PartialEq)]
    /// struct Reading { station: String, celsius: Option<f64> }
    ///
    /// let table = Table::new([
    ///     NewColumn::of("celsius", [Some(3.5), None]),
    ///     NewColumn::of("station", ["Nuuk", "Oslo"]),
    /// ])?;
    /// let rows: Vec<Reading> = table.read()?.collect();
    /// assert_eq!(rows[0], Reading { station: "Nuuk".into(), celsius: Some(3.5) });
    /// assert_eq!(rows[1].celsius, None);
    /// # Ok::<(), analyte_sdk::Error>(())
    /// ```
    pub fn read<R: Row>(&self) -> Result<Rows<'_, R>> {
        Ok(Rows { reader: R::reader(self)?, next: 0, end: self.rows, row: PhantomData })
    }

    /// As the contract has it.
    pub fn as_raw(&self) -> &tables::Table {
        &self.raw
    }

    /// As the contract has it.
    pub fn into_raw(self) -> tables::Table {
        self.raw
    }
}

/// Takes a table of the contract; refuses one with more rows than memory could hold.
impl TryFrom<tables::Table> for Table {
    type Error = Error;
    fn try_from(raw: tables::Table) -> Result<Self> {
        let rows = usize::try_from(raw.row_count)?;
        Ok(Self { raw, rows })
    }
}

/// Checks that columns fit together. `rows`: how many there are, where the columns need not say.
pub(crate) fn assemble(
    columns: impl IntoIterator<Item = NewColumn>,
    mut rows: Option<usize>,
) -> Result<(tables::Table, Vec<tables::Field>)> {
    let (mut fields, mut raw) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    for column in columns {
        let (field, length, column) = column.into_raw()?;
        if !names.insert(field.name.clone()) {
            let message = format!("There are two columns `{}`.", field.name);
            return Err(Error::new("duplicate-column", message).detail("column", &field.name));
        }
        let wanted = *rows.get_or_insert(length);
        if length != wanted {
            let message = format!("Column `{}` has {length} rows, and the others have {wanted}.", field.name);
            return Err(Error::new("ragged-columns", message).detail("column", &field.name));
        }
        fields.push(field);
        raw.push(column);
    }
    Ok((tables::Table { row_count: rows.unwrap_or(0) as u64, columns: raw }, fields))
}

/// The rows of a table as structs, see [`Table::read`].
#[derive(Debug)]
pub struct Rows<'t, R: Row> {
    reader: R::Reader<'t>,
    next: usize,
    end: usize,
    row: PhantomData<R>,
}

impl<R: Row> Iterator for Rows<'_, R> {
    type Item = R;
    fn next(&mut self) -> Option<R> {
        let row = self.next;
        (row < self.end).then(|| {
            self.next += 1;
            R::read(&self.reader, row)
        })
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }
}

impl<R: Row> ExactSizeIterator for Rows<'_, R> {}
