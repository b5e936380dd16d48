//! Tables across the boundary: Arrow columns as the contract's buffers, and back.
//!
//! Going in, buffers are borrowed: the only copy is the one into the component's memory. Coming out, the lifted bytes
//! become Arrow buffers as they are, after [`analyte_core::table::check`] has looked at every one.

use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::check::{self, Buffers, RawColumn};

use crate::bindings::analyte::plugin::tables::{ColumnParam, TableParam, TableResult};
use crate::checked::{base_type, buffer_kind, wit_base_type, wit_buffer_kind};

/// A table's buffers, kept for as long as a call borrows them.
pub(crate) struct Lowered<'a> {
    table: &'a Table,
    buffers: Vec<Buffers>,
}

impl<'a> Lowered<'a> {
    pub(crate) fn new(table: &'a Table) -> Self {
        Self { table, buffers: table.columns().iter().map(|column| check::buffers(column.as_ref())).collect() }
    }

    pub(crate) fn columns(&self) -> Vec<ColumnParam<'_>> {
        let pairs = self.table.fields().iter().zip(&self.buffers);
        pairs
            .map(|(field, buffers)| ColumnParam {
                name: &field.name,
                base_type: wit_base_type(field.base_type),
                kind: wit_buffer_kind(field.kind),
                validity: buffers.validity.as_deref(),
                offsets: buffers.offsets.as_deref(),
                data: &buffers.data,
            })
            .collect()
    }

    pub(crate) fn table<'b>(&self, columns: &'b [ColumnParam<'b>]) -> TableParam<'b> {
        TableParam { row_count: self.table.rows() as u64, columns }
    }
}

/// A component's table, checked against the shape; the error is one plain sentence.
pub(crate) fn table_of(given: TableResult, added: Vec<Field>, shape: &Shape, limits: &Limits) -> Result<Table, String> {
    let columns = given.columns.into_iter().map(|column| RawColumn {
        name: column.name,
        base_type: base_type(column.base_type),
        kind: buffer_kind(column.kind),
        validity: column.validity,
        offsets: column.offsets,
        data: column.data,
    });
    check::table(given.row_count, columns.collect(), added, shape, limits)
}

/// The fields of columns that the shape does not declare, as the columns themselves say: an example has nowhere else to
/// announce them.
pub(crate) fn undeclared(given: &TableResult, shape: &Shape) -> Vec<Field> {
    let beyond = given.columns.iter().filter(|column| shape.field(&column.name).is_none());
    beyond
        .map(|column| Field { kind: buffer_kind(column.kind), ..Field::new(&column.name, base_type(column.base_type)) })
        .collect()
}
