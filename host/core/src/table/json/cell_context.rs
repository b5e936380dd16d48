//! How the values of a document are read.

use super::Dialect;
use crate::limits::Limits;
use crate::table::Table;

/// Reads a table that a cell holds as JSON text of at most this number of levels; the error is one sentence. Cells are below
/// tables, so the reader of tables hands itself down to them.
pub(crate) type ReadNested = fn(&str, u64, &Limits) -> Result<Table, String>;

/// What the reader of a value knows of the document around it.
#[derive(Debug)]
pub(crate) struct CellContext<'l> {
    pub(crate) dialect: Dialect,
    /// Levels that a value may nest.
    pub(crate) depth: u64,
    pub(crate) limits: &'l Limits,
    /// Bytes by which values may still grow as they are read.
    pub(crate) room: u64,
    /// Reads a table within a cell.
    pub(crate) nested: ReadNested,
}
