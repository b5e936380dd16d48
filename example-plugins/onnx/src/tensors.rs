//! Columns into tensors and back. A tensor holds its values row by row, a column one under the other: each value is
//! copied once on the way in, and once on the way out.

use std::ops::Range;

use analyte_sdk::{Column, Error, NewColumn, Result, Table};
use tract_onnx::prelude::{Datum, DatumType, IntoTValue as _, TValue, Tensor, TractResult, tract_ndarray};

use crate::element::Element;
use crate::refuse::with_cause;
use crate::signature::Port;

/// The columns of one input tensor.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    port: &'a Port,
    columns: Columns<'a>,
}

#[derive(Debug)]
enum Columns<'a> {
    F32(Vec<Column<'a, f32>>),
    F64(Vec<Column<'a, f64>>),
    I32(Vec<Column<'a, i32>>),
    I64(Vec<Column<'a, i64>>),
    Bool(Vec<Column<'a, bool>>),
    Text(Vec<Column<'a, String>>),
}

/// All columns of a tensor, without missing values unless they are allowed.
macro_rules! open {
    ($table:expr, $port:expr, $allowed:expr) => {
        $port
            .columns
            .iter()
            .map(|name| {
                let column = $table.column(name)?;
                let gap = column.validity().position(|valid| !valid);
                match gap {
                    Some(row) if !$allowed => Err(missing(name, row)),
                    _ => Ok(column),
                }
            })
            .collect::<Result<_>>()?
    };
}

impl<'a> Given<'a> {
    /// Finds the columns. Fails with `missing-value`, unless missing numbers are to be NaN.
    pub(crate) fn open(table: &'a Table, port: &'a Port, nan: bool) -> Result<Self> {
        let columns = match port.element {
            Element::F32 => Columns::F32(open!(table, port, nan)),
            Element::F64 => Columns::F64(open!(table, port, nan)),
            Element::I32 => Columns::I32(open!(table, port, false)),
            Element::I64 => Columns::I64(open!(table, port, false)),
            Element::Bool => Columns::Bool(open!(table, port, false)),
            Element::Text => Columns::Text(open!(table, port, false)),
        };
        Ok(Self { port, columns })
    }

    /// These rows as a tensor.
    pub(crate) fn tensor(&self, rows: Range<usize>) -> Result<TValue> {
        let mut tensor = empty(self.port, rows.len())?;
        match &self.columns {
            Columns::F32(columns) => floats(&mut tensor, columns, &rows, |column| column.values(), f32::NAN),
            Columns::F64(columns) => floats(&mut tensor, columns, &rows, |column| column.values(), f64::NAN),
            Columns::I32(columns) => fill(&mut tensor, columns, |column| part(column.values(), &rows).iter().copied()),
            Columns::I64(columns) => fill(&mut tensor, columns, |column| part(column.values(), &rows).iter().copied()),
            Columns::Bool(columns) => {
                fill(&mut tensor, columns, |column| rows.clone().map(|row| column.get(row).unwrap_or_default()))
            }
            Columns::Text(columns) => fill(&mut tensor, columns, |column| {
                rows.clone().map(|row| column.get(row).unwrap_or_default().to_owned())
            }),
        }?;
        Ok(tensor.into_tvalue())
    }
}

/// A tensor of zeros, false or empty texts for this number of rows.
pub(crate) fn empty(port: &Port, rows: usize) -> Result<Tensor> {
    let shape = if port.flat { vec![rows] } else { vec![rows, port.columns.len()] };
    blank(port.element.datum(), &shape).map_err(|cause| internal(&cause))
}

/// A tensor of zeros, false or empty texts.
pub(crate) fn blank(datum: DatumType, shape: &[usize]) -> TractResult<Tensor> {
    // tract has no zero text.
    if datum == String::datum_type() {
        return Ok(tract_ndarray::ArrayD::<String>::default(shape).into());
    }
    Tensor::zero_dt(datum, shape)
}

fn part<'a, T>(values: &'a [T], rows: &Range<usize>) -> &'a [T] {
    values.get(rows.clone()).unwrap_or_default()
}

fn floats<'a, T: Datum + Copy, C>(
    tensor: &mut Tensor,
    columns: &'a [C],
    rows: &Range<usize>,
    values: impl Fn(&'a C) -> &'a [T],
    nan: T,
) -> Result<()>
where
    C: Validity,
{
    fill(tensor, columns, |column| {
        let all_valid = column.none_missing();
        let valid = move |row| all_valid || column.is_there(row);
        part(values(column), rows)
            .iter()
            .zip(rows.clone())
            .map(move |(value, row)| if valid(row) { *value } else { nan })
    })
}

/// Which values of a column are there.
trait Validity {
    fn none_missing(&self) -> bool;
    fn is_there(&self, row: usize) -> bool;
}

impl<T: analyte_sdk::Fixed> Validity for Column<'_, T> {
    fn none_missing(&self) -> bool {
        self.missing() == 0
    }
    fn is_there(&self, row: usize) -> bool {
        self.is_valid(row)
    }
}

/// Writes each column into its places of a tensor.
pub(crate) fn fill<'a, T: Datum, C, V: Iterator<Item = T>>(
    tensor: &mut Tensor,
    columns: &'a [C],
    values: impl Fn(&'a C) -> V,
) -> Result<()> {
    let mut places = tensor.try_as_plain_ram_mut().map_err(|cause| internal(&cause))?;
    let places = places.as_slice_mut::<T>().map_err(|cause| internal(&cause))?;
    for (first, column) in columns.iter().enumerate() {
        let places = places.iter_mut().skip(first).step_by(columns.len());
        places.zip(values(column)).for_each(|(place, value)| *place = value);
    }
    Ok(())
}

/// The columns of one output tensor, as far as they have come.
#[derive(Debug)]
pub(crate) struct Made<'a> {
    port: &'a Port,
    values: Values,
}

#[derive(Debug)]
enum Values {
    F32(Vec<Vec<f32>>),
    F64(Vec<Vec<f64>>),
    I32(Vec<Vec<i32>>),
    I64(Vec<Vec<i64>>),
    Bool(Vec<Vec<bool>>),
    Text(Vec<Vec<String>>),
}

impl<'a> Made<'a> {
    /// Columns with room for this number of rows.
    pub(crate) fn new(port: &'a Port, rows: usize) -> Self {
        fn room<T>(port: &Port, rows: usize) -> Vec<Vec<T>> {
            port.columns.iter().map(|_| Vec::with_capacity(rows)).collect()
        }
        let values = match port.element {
            Element::F32 => Values::F32(room(port, rows)),
            Element::F64 => Values::F64(room(port, rows)),
            Element::I32 => Values::I32(room(port, rows)),
            Element::I64 => Values::I64(room(port, rows)),
            Element::Bool => Values::Bool(room(port, rows)),
            Element::Text => Values::Text(room(port, rows)),
        };
        Self { port, values }
    }

    /// Adds the rows of a tensor.
    pub(crate) fn take(&mut self, tensor: &Tensor) -> Result<()> {
        match &mut self.values {
            Values::F32(columns) => take(tensor, columns),
            Values::F64(columns) => take(tensor, columns),
            Values::I32(columns) => take(tensor, columns),
            Values::I64(columns) => take(tensor, columns),
            Values::Bool(columns) => take(tensor, columns),
            Values::Text(columns) => take(tensor, columns),
        }
    }

    /// The columns, named.
    pub(crate) fn columns(self) -> Vec<NewColumn> {
        let names = self.port.columns.iter();
        match self.values {
            Values::F32(all) => names.zip(all).map(|(name, one)| NewColumn::from_slice::<f32>(name, &one)).collect(),
            Values::F64(all) => names.zip(all).map(|(name, one)| NewColumn::from_slice::<f64>(name, &one)).collect(),
            Values::I32(all) => names.zip(all).map(|(name, one)| NewColumn::from_slice::<i32>(name, &one)).collect(),
            Values::I64(all) => names.zip(all).map(|(name, one)| NewColumn::from_slice::<i64>(name, &one)).collect(),
            Values::Bool(all) => names.zip(all).map(|(name, one)| NewColumn::of(name, one)).collect(),
            Values::Text(all) => names.zip(all).map(|(name, one)| NewColumn::of(name, one)).collect(),
        }
    }
}

fn take<T: Datum>(tensor: &Tensor, columns: &mut [Vec<T>]) -> Result<()> {
    let values = slice::<T>(tensor)?;
    let width = columns.len();
    for (first, column) in columns.iter_mut().enumerate() {
        column.extend(values.iter().skip(first).step_by(width).cloned());
    }
    Ok(())
}

/// The values of a tensor, row by row.
pub(crate) fn slice<T: Datum>(tensor: &Tensor) -> Result<&[T]> {
    let view = tensor.try_as_plain_ram().map_err(|cause| internal(&cause))?;
    view.as_slice::<T>().map_err(|cause| internal(&cause))
}

fn internal(cause: &tract_onnx::prelude::TractError) -> Error {
    with_cause("cannot-run", "A tensor of the model is not what it was found to be", cause)
}

fn missing(column: &str, row: usize) -> Error {
    let message = format!(
        "Row {row} of column `{column}` has no value; fill it in, or for numbers set the parameter `missing` to `nan` if \
         the model was made for that."
    );
    Error::new("missing-value", message).detail("column", column).detail("row", row)
}
