//! What a field of a row struct can be: a [`Value`], or an `Option` of one where values may be missing.

use crate::column::Column;
use crate::value::{Datetime, Json, Timespan, Value};
use crate::writer::Writer;

/// A type that is read from a cell.
pub trait Cell: WriteCell {
    /// The value of this row.
    #[doc(hidden)]
    fn read(column: &Column<'_, Self::Value>, row: usize) -> Self;
}

/// A type that is written into a cell: what can be read from one, and slices of it.
pub trait WriteCell: Sized {
    /// The value in the cell.
    type Value: Value;
    /// Whether the cell may be empty.
    const NULLABLE: bool;
    #[doc(hidden)]
    fn write(self, writer: &mut Writer);
}

impl<V: Value + WriteCell<Value = V>> Cell for V {
    fn read(column: &Column<'_, V>, row: usize) -> Self {
        V::own(column.at(row))
    }
}

impl<V: Value + WriteCell<Value = V>> Cell for Option<V> {
    fn read(column: &Column<'_, V>, row: usize) -> Self {
        column.get(row).map(V::own)
    }
}

impl<C: WriteCell> WriteCell for Option<C> {
    type Value = C::Value;
    const NULLABLE: bool = true;
    fn write(self, writer: &mut Writer) {
        match self {
            Some(cell) => cell.write(writer),
            None => writer.missing(C::Value::KIND),
        }
    }
}

macro_rules! write_cells {
    ($($type:ty as $value:ty: |$cell:ident, $writer:ident| $write:expr;)*) => {
        $(
            impl WriteCell for $type {
                type Value = $value;
                const NULLABLE: bool = false;
                fn write(self, $writer: &mut Writer) {
                    let $cell = self;
                    $write;
                }
            }
        )*
    };
}

write_cells! {
    f64 as f64: |cell, writer| writer.bytes(&cell.to_le_bytes());
    f32 as f32: |cell, writer| writer.bytes(&cell.to_le_bytes());
    i32 as i32: |cell, writer| writer.bytes(&cell.to_le_bytes());
    i64 as i64: |cell, writer| writer.bytes(&cell.to_le_bytes());
    Datetime as Datetime: |cell, writer| writer.bytes(&cell.0.to_le_bytes());
    Timespan as Timespan: |cell, writer| writer.bytes(&cell.0.to_le_bytes());
    bool as bool: |cell, writer| writer.bit(cell);
    String as String: |cell, writer| writer.slice(cell.as_bytes());
    &str as String: |cell, writer| writer.slice(cell.as_bytes());
    Json as Json: |cell, writer| writer.slice(cell.0.as_bytes());
    Vec<u8> as Vec<u8>: |cell, writer| writer.slice(&cell);
    &[u8] as Vec<u8>: |cell, writer| writer.slice(cell);
}
