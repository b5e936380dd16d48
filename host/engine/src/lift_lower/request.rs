//! A request as it goes in: the contract's records, with buffers that are copied [piece by piece](super::buffer).

use analyte_core::table::Table;
use analyte_core::table::check::{self, Buffers};
use wasmtime::component::{ComponentType, Lower};

use super::buffer::Buffer;
use crate::contract::bindings::analyte::plugin::tables::{BaseType, BufferKind};
use crate::contract::convert::{wit_base_type, wit_buffer_kind};
use crate::schedule::step;

/// `analysis.request`.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Request<'a> {
    pub(crate) model: &'a str,
    pub(crate) input: Rows<'a>,
    pub(crate) parameters: &'a str,
    pub(crate) extra: &'a [(&'a str, &'a str)],
}

/// `tables.table`.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Rows<'a> {
    #[component(name = "row-count")]
    row_count: u64,
    columns: &'a [Column<'a>],
}

/// `tables.column`.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Column<'a> {
    name: &'a str,
    #[component(name = "base-type")]
    base_type: BaseType,
    kind: BufferKind,
    validity: Option<Buffer<&'a [u8]>>,
    offsets: Option<Buffer<&'a [u8]>>,
    data: Buffer<&'a [u8]>,
}

/// A table's buffers, kept for as long as a call borrows them.
pub(crate) struct Lowered<'a> {
    table: &'a Table,
    buffers: Vec<Buffers>,
}

impl<'a> Lowered<'a> {
    /// Of a part of a table the offsets of texts are counted anew, so there are pauses between columns.
    pub(crate) async fn new(table: &'a Table) -> Self {
        let mut buffers = Vec::with_capacity(table.columns().len());
        for column in table.columns() {
            step::breathe().await;
            buffers.push(check::buffers(column.as_ref()));
        }
        Self { table, buffers }
    }

    pub(crate) fn columns(&self) -> Vec<Column<'_>> {
        let pairs = self.table.fields().iter().zip(&self.buffers);
        pairs
            .map(|(field, buffers)| Column {
                name: &field.name,
                base_type: wit_base_type(field.base_type),
                kind: wit_buffer_kind(field.kind),
                validity: buffers.validity.as_deref().map(Buffer),
                offsets: buffers.offsets.as_deref().map(Buffer),
                data: Buffer(buffers.data.as_slice()),
            })
            .collect()
    }

    pub(crate) fn rows<'b>(&self, columns: &'b [Column<'b>]) -> Rows<'b> {
        Rows { row_count: self.table.rows() as u64, columns }
    }
}
