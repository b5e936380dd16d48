//! Columns: looking at one that came in, and making one.

use std::borrow::Cow;

use crate::cell::WriteCell;
use crate::raw::tables::{self, Field};
use crate::value::{Buffers, Fixed, Value, bit, broken, suits};
use crate::writer::{Writer, Written};
use crate::{BaseType, Error, Kind, Result};

/// A column of a table, looked at as values of one type. Numbers lie in a slice: nothing is allocated per row.
///
/// ```
/// use analyte_sdk::prelude::*;
///
/// let table = Table::new([NewColumn::of("x", [Some(1.5), None, Some(4.0)])])?;
/// let x = table.column::<f64>("x")?;
/// assert_eq!(x.missing(), 1);
/// assert_eq!(x.values().len(), 3);
/// assert_eq!(x.iter().flatten().sum::<f64>(), 5.5);
/// # Ok::<(), analyte_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Column<'a, T: Value> {
    name: &'a str,
    rows: usize,
    validity: Option<&'a [u8]>,
    missing: usize,
    view: T::View<'a>,
}

impl<'a, T: Value> Column<'a, T> {
    pub(crate) fn open(column: &'a tables::Column, rows: usize) -> Result<Self> {
        if column.kind != T::KIND {
            let (is, wanted) = (column.kind, T::KIND);
            let message = format!("Column `{}` holds {is:?} values, and {wanted:?} is needed.", column.name);
            return Err(Error::new("wrong-type", message).detail("column", &column.name));
        }
        let buffers = Buffers { offsets: column.offsets.as_deref(), data: &column.data };
        let view = T::view(buffers, rows).ok_or_else(|| broken(&column.name))?;
        Self::with_view(column, rows, view)
    }

    fn with_view(column: &'a tables::Column, rows: usize, view: T::View<'a>) -> Result<Self> {
        let validity = column.validity.as_deref();
        let missing = match validity {
            None => 0,
            Some(bits) => rows - ones(bits.get(..rows.div_ceil(8)).ok_or_else(|| broken(&column.name))?, rows),
        };
        Ok(Self { name: &column.name, rows, validity: validity.filter(|_| missing > 0), missing, view })
    }

    /// The column's name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How many rows have no value.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// Whether this row has a value.
    pub fn is_valid(&self, row: usize) -> bool {
        row < self.rows && self.validity.is_none_or(|bits| bit(bits, row))
    }

    /// Of each row, whether it has a value.
    pub fn validity(&self) -> impl ExactSizeIterator<Item = bool> + '_ {
        (0..self.rows).map(|row| self.validity.is_none_or(|bits| bit(bits, row)))
    }

    /// The value of this row; `None` where it is missing or there is no such row.
    pub fn get(&self, row: usize) -> Option<T::Ref<'a>> {
        self.is_valid(row).then(|| T::at(&self.view, row))
    }

    /// The values in order, `None` where one is missing.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<T::Ref<'a>>> + '_ {
        (0..self.rows).map(|row| self.get(row))
    }

    /// What lies in this row, a value or not.
    pub(crate) fn at(&self, row: usize) -> T::Ref<'a> {
        T::at(&self.view, row)
    }
}

impl<T: Fixed> Column<'_, T> {
    /// The numbers of all rows. Under a missing value (see [`Column::missing`]) lies any number.
    pub fn values(&self) -> &[T::Word] {
        &self.view
    }
}

impl<'a> Column<'a, f64> {
    /// Any numeric column as `f64`: in place where it is `float64`, converted once where not.
    pub(crate) fn open_numeric(column: &'a tables::Column, rows: usize) -> Result<Self> {
        let view: Cow<'a, [f64]> = match column.kind {
            Kind::Float64 => return Self::open(column, rows),
            Kind::Float32 => Column::<f32>::open(column, rows)?.values().iter().map(|x| f64::from(*x)).collect(),
            Kind::Int32 => Column::<i32>::open(column, rows)?.values().iter().map(|x| f64::from(*x)).collect(),
            Kind::Int64 => Column::<i64>::open(column, rows)?.values().iter().map(|x| *x as f64).collect(),
            Kind::BooleanBits | Kind::Utf8 | Kind::Binary => {
                let message = format!("Column `{}` does not hold numbers.", column.name);
                return Err(Error::new("not-numeric", message).detail("column", &column.name));
            }
        };
        Self::with_view(column, rows, view)
    }
}

/// Ones among the first `count` bits.
fn ones(bits: &[u8], count: usize) -> usize {
    let whole: usize = bits.iter().take(count / 8).map(|byte| byte.count_ones() as usize).sum();
    whole + (count / 8 * 8..count).filter(|row| bit(bits, *row)).count()
}

/// A column being made: for a result, for what a result adds, for an example.
///
/// ```
/// use analyte_sdk::prelude::*;
///
/// let forecast = NewColumn::of("forecast", [1.0, 2.5]).describe("Expected sales.").unit("t");
/// let labels = NewColumn::of("label", [Some("low"), None]);
/// let fast = NewColumn::from_slice::<f64>("x", &[1.0, 2.0, 3.0]); // one memory copy
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NewColumn {
    pub(crate) field: Field,
    pub(crate) written: Result<Written>,
}

impl NewColumn {
    /// A column of these cells; it may have missing values if they are `Option`s.
    pub fn of<C: WriteCell>(name: impl Into<String>, cells: impl IntoIterator<Item = C>) -> Self {
        let cells = cells.into_iter();
        let mut writer = Writer::new(C::Value::KIND, cells.size_hint().0);
        for cell in cells {
            cell.write(&mut writer);
        }
        Self::finish(Field::of::<C>(name), writer)
    }

    /// A column of these numbers, copied at once.
    pub fn from_slice<T: Fixed + WriteCell<Value = T>>(name: impl Into<String>, values: &[T::Word]) -> Self {
        let data = bytemuck::cast_slice(values).to_vec();
        let written = Written { rows: values.len(), validity: None, offsets: None, data };
        Self { field: Field::of::<T>(name), written: Ok(written) }
    }

    pub(crate) fn finish(field: Field, writer: Writer) -> Self {
        let written = writer.finish(field.kind, &field.name);
        Self { field, written }
    }

    /// For people: what it is.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.field = self.field.describe(description);
        self
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.field = self.field.unit(unit);
        self
    }

    /// Another base type of the same layout; refused when the column is used if the layouts differ.
    #[must_use]
    pub fn base_type(mut self, base_type: BaseType) -> Self {
        if !suits(self.field.kind, base_type) {
            let message = format!("Column `{}` cannot be of base type {base_type:?}.", self.field.name);
            self.written = Err(Error::new("wrong-type", message).detail("column", &self.field.name));
        }
        self.field.base_type = base_type;
        self
    }

    /// Whether values may be missing, where that does not follow from the cells.
    #[must_use]
    pub fn nullable(mut self, nullable: bool) -> Self {
        self.field.nullable = nullable;
        self
    }

    pub(crate) fn into_raw(self) -> Result<(Field, usize, tables::Column)> {
        let Written { rows, validity, offsets, data } = self.written?;
        let column = tables::Column {
            name: self.field.name.clone(),
            base_type: self.field.base_type,
            kind: self.field.kind,
            validity,
            offsets,
            data,
        };
        Ok((self.field, rows, column))
    }
}
