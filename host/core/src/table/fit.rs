//! Fits a table to a model: all that is declared is there, in order and of its kind.
//!
//! A table that was read for the shape is only reordered. One that comes from elsewhere, for instance from another task,
//! is converted where nothing is lost: whole numbers to wider ones and to NUMBER up to ±2^53, numbers that are whole to
//! INTEGER and LONG, `float64` to `float32` (rounded to nearest) and back where the shape says so, LONG to DATETIME and
//! TIMESPAN, kinds of text to one another, and text that is JSON to the types that are JSON text.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef};

use crate::base_type::{BaseType, Kind};
use crate::limits::Limits;
use crate::model::Cardinality;
use crate::shape::{Field, Rest, Shape};
use crate::table::Table;
use crate::table::arrow::convert::convert;
use crate::table::problem::{MOST_PROBLEMS, Problem, ReadError};
use crate::table::read::Read;
use crate::table::read::column_builder::ColumnBuilder;
use crate::table::read::table_budget::TableBudget;
use crate::table::read::table_builder::dropped_warnings;

/// The declared fields in the shape's order, then the admitted other columns in the order given.
///
/// A nullable field that is not there becomes all missing. A required one that is not there or misses a value, and a
/// column of an unsuitable type, are problems of the sender. Columns that the shape does not admit are dropped with a
/// warning.
pub fn fit(table: &Table, shape: &Shape, cardinality: Cardinality, limits: &Limits) -> Result<Read, ReadError> {
    cardinality.check_input(table.rows()).map_err(ReadError::invalid)?;
    let mut problems = Vec::new();
    let budget = TableBudget::for_sent(table.memory_bytes(), limits);
    let mut left = budget.most;
    let mut fields = Vec::with_capacity(shape.fields.len());
    let mut columns = Vec::with_capacity(shape.fields.len());
    let by_name = by_name(table);
    for field in shape.fields.iter() {
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
        let column = match by_name.get(field.name.as_ref()) {
            Some((given, column)) => suit(field, given, column, &mut left, &mut problems)?,
            None if field.nullable => all_missing(field, table.rows(), &mut left, &budget)?,
            None => {
                problems.push(missing(field));
                continue;
            }
        };
        if !field.nullable {
            check_present(field, &column, &mut problems);
        }
        fields.push(field.clone());
        columns.push(column);
    }
    if !problems.is_empty() {
        return Err(ReadError::of(problems));
    }
    let declared: std::collections::HashSet<&str> = shape.fields.iter().map(|field| field.name.as_ref()).collect();
    let mut dropped = Vec::new();
    for (field, column) in table.fields().iter().zip(table.columns()) {
        if declared.contains(field.name.as_ref()) {
            continue;
        }
        if shape.rest.admits(field.base_type) {
            fields.push(field.clone());
            columns.push(Arc::clone(column));
        } else {
            dropped.push(field.name.as_ref());
        }
    }
    if fields.len() as u64 > limits.columns {
        return Err(ReadError::invalid(format!(
            "the table has more columns than the limit columns, {}",
            limits.columns
        )));
    }
    let warnings = dropped_warnings(dropped.into_iter(), limits);
    let table =
        Table::new(fields.into(), columns, table.rows()).map_err(|error| ReadError::invalid(error.to_string()))?;
    Ok(Read { table, warnings })
}

/// Whether a table of the one shape can fit another, as far as the shapes alone say it: every declared field that is required
/// is there, or may be among the columns that an open shape admits, and none is of an unsuitable type.
pub fn can_fit(given: &Shape, shape: &Shape) -> Result<(), ReadError> {
    let by_name: std::collections::HashMap<&str, BaseType> =
        given.fields.iter().map(|field| (field.name.as_ref(), field.base_type)).collect();
    let mut problems = Vec::new();
    for field in shape.fields.iter() {
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
        match by_name.get(field.name.as_ref()).copied() {
            Some(from) if same(from, field.base_type) || converts(from, field.base_type) => {}
            Some(from) => problems.push(unsuitable(field, from)),
            None if field.nullable || given.rest != Rest::None => {}
            None => problems.push(missing(field)),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(ReadError::of(problems)) }
}

fn missing(field: &Field) -> Problem {
    problem(field, None, "the field is required, and it is not there".to_owned())
}

fn unsuitable(field: &Field, from: BaseType) -> Problem {
    problem(field, None, format!("expected {}, found a column of {from}", field.base_type))
}

fn by_name(table: &Table) -> std::collections::HashMap<&str, (&Field, &ArrayRef)> {
    let columns = table.fields().iter().zip(table.columns());
    columns.map(|(field, column)| (field.name.as_ref(), (field, column))).collect()
}

fn problem(field: &Field, row: Option<u64>, message: String) -> Problem {
    Problem { field: Some(field.name.to_string()), row, message }
}

/// The given column as the declared field wants it.
fn suit(
    field: &Field,
    given: &Field,
    column: &ArrayRef,
    left: &mut u64,
    problems: &mut Vec<Problem>,
) -> Result<ArrayRef, ReadError> {
    let (from, to) = (given.base_type, field.base_type);
    let same = same(from, to);
    if same && given.kind == field.kind {
        return Ok(Arc::clone(column));
    }
    if column.null_count() == column.len() || same || converts(from, to) {
        return convert(field, &[column], left, problems);
    }
    problems.push(unsuitable(field, from));
    Ok(Arc::clone(column))
}

/// Whether values of one type are values of another as they are.
fn same(from: BaseType, to: BaseType) -> bool {
    // Text that says it is JSON already was checked; other text that is to be JSON is looked at value by value.
    from == to || (is_plain_text(from) && is_plain_text(to)) || (from.is_json_text() && is_any_json(to))
}

fn is_plain_text(base_type: BaseType) -> bool {
    base_type.kind() == Kind::Utf8 && !base_type.is_json_text()
}

/// Whether any JSON is a value of it.
fn is_any_json(base_type: BaseType) -> bool {
    base_type.is_json_text() && base_type != BaseType::Location
}

/// Whether values of one type can be values of another; each is still judged by itself.
fn converts(from: BaseType, to: BaseType) -> bool {
    match to {
        BaseType::Integer | BaseType::Long | BaseType::Number => from.is_numeric(),
        BaseType::Datetime | BaseType::Timespan => from == BaseType::Long,
        _ => to.is_json_text() && from.kind() == Kind::Utf8,
    }
}

fn all_missing(field: &Field, rows: usize, left: &mut u64, budget: &TableBudget) -> Result<ArrayRef, ReadError> {
    let bytes = (rows as u64).saturating_mul(8);
    *left = left.checked_sub(bytes).ok_or_else(|| ReadError::field(&field.name, budget.exceeded()))?;
    let mut builder = ColumnBuilder::new(field.clone());
    builder.pad_to(rows);
    let (_, column) = builder.into_parts().map_err(|error| ReadError::field(&field.name, error.to_string()))?;
    Ok(column)
}

fn check_present(field: &Field, column: &ArrayRef, problems: &mut Vec<Problem>) {
    let Some(nulls) = column.nulls().filter(|nulls| nulls.null_count() > 0) else { return };
    let missing = nulls.iter().enumerate().filter(|(_, present)| !present).map(|(row, _)| row as u64 + 1);
    let room = MOST_PROBLEMS.saturating_sub(problems.len());
    let message = "the field is required, and its value is missing";
    problems.extend(missing.take(room).map(|row| problem(field, Some(row), message.to_owned())));
}
