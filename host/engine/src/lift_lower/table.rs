//! A component's table as one of Arrow columns.

use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::check::{self, RawColumn};

use crate::contract::bindings::analyte::plugin::tables::TableResult;
use crate::contract::convert::{base_type, buffer_kind};

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
