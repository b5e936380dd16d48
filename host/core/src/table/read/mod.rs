//! What every reader of tables needs, whatever the format: cells into columns, columns into a table, within its budget.

pub(crate) mod cell;
pub(crate) mod column_builder;
pub(crate) mod table_budget;
pub(crate) mod table_builder;

use crate::table::Table;

/// A table that was read, and what the sender should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Holds the columns that the shape declares or admits, in the order given.
    pub table: Table,
    /// For instance which columns were dropped.
    pub warnings: Vec<String>,
}
