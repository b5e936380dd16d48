//! Tables: a row count and Arrow columns under fields.
//!
//! A [`Table`] is always whole: as many columns as fields, each of its field's kind and as long as the table has rows.
//! Parsing and writing live beside this file, one format each; none of them makes a value per cell.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef};

use crate::base_type::Kind;
use crate::shape::Field;

mod arrow;
pub mod at_most;
pub mod check;
pub mod compare;
mod csv;
pub mod fit;
pub mod format;
pub mod infotable;
pub(crate) mod json;
pub mod parts;
pub mod pieces;
pub mod problem;
mod read;
mod record;
mod written;

/// Rows under a data shape, held as columns. The default has neither.
#[derive(Debug, Clone, Default)]
pub struct Table {
    fields: Arc<[Field]>,
    columns: Vec<ArrayRef>,
    rows: usize,
}

/// Columns that do not make a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATable {
    /// Fields and columns differ in number.
    #[error("there are {fields} fields and {columns} columns")]
    Width {
        /// How many fields.
        fields: usize,
        /// How many columns.
        columns: usize,
    },
    /// A column is longer or shorter than the table.
    #[error("column `{name}` has {length} rows, and the table has {rows}")]
    Length {
        /// Which column.
        name: Arc<str>,
        /// Its length.
        length: usize,
        /// The table's.
        rows: usize,
    },
    /// A column lies in memory otherwise than its field says.
    #[error("column `{name}` is {got}, and its field says {wanted}")]
    Kind {
        /// Which column.
        name: Arc<str>,
        /// What the field says.
        wanted: Kind,
        /// What the column is.
        got: String,
    },
}

impl Table {
    /// Puts columns under fields; refuses what does not fit together.
    pub fn new(fields: Arc<[Field]>, columns: Vec<ArrayRef>, rows: usize) -> Result<Self, NotATable> {
        if fields.len() != columns.len() {
            return Err(NotATable::Width { fields: fields.len(), columns: columns.len() });
        }
        for (field, column) in fields.iter().zip(&columns) {
            if column.len() != rows {
                return Err(NotATable::Length { name: field.name.clone(), length: column.len(), rows });
            }
            if *column.data_type() != field.kind.arrow() {
                let got = column.data_type().to_string();
                return Err(NotATable::Kind { name: field.name.clone(), wanted: field.kind, got });
            }
        }
        Ok(Self { fields, columns, rows })
    }

    /// The fields, in order.
    pub fn fields(&self) -> &Arc<[Field]> {
        &self.fields
    }
    /// The columns, in the order of the fields.
    pub fn columns(&self) -> &[ArrayRef] {
        &self.columns
    }
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// Field and column of this name.
    pub fn column(&self, name: &str) -> Option<(&Field, &ArrayRef)> {
        self.fields.iter().zip(&self.columns).find(|(field, _)| field.name.as_ref() == name)
    }
    /// Bytes that the columns occupy in memory.
    pub fn memory_bytes(&self) -> usize {
        self.columns.iter().map(arrow_array::Array::get_array_memory_size).sum()
    }
}

/// Equal fields and equal values. Missing values are equal whatever lies beneath them.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
            && self.fields == other.fields
            && self.columns.iter().zip(&other.columns).all(|(left, right)| left.as_ref() == right.as_ref())
    }
}
