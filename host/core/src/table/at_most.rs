//! How large a table can become where it is written, seen from its columns without writing it. Never too small; too large
//! by a few times where text needs no escapes.

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray as _;

use crate::base_type::{BaseType, Kind};
use crate::shape::Field;
use crate::table::Table;
use crate::table::format::Format;

/// The longest number, time or word, with the signs around it.
const CELL: u64 = 34;
/// The signs around one field's definition.
const DEFINITION: u64 = 400;
/// One byte of text at most becomes an escape of this many.
const ESCAPE: u64 = 6;

/// The most bytes of a table in this format.
pub fn format(format: Format, table: &Table) -> u64 {
    match format {
        Format::Json => written(table, |field| json_bytes(&field.name), ESCAPE),
        Format::JsonColumns => written(table, |_| 0, ESCAPE),
        Format::Csv => written(table, |_| 0, 2),
        // The head of a batch and what lies between its buffers take no more than two of the batches that it may be one of.
        Format::Arrow => written(table, |_| 0, 3),
    }
}

/// The most bytes of an InfoTable; `u64::MAX` where its values are brought into another form, which can be of any length.
pub fn infotable(table: &Table) -> u64 {
    let turned = |field: &Field| field.base_type.is_json_text() && field.base_type != BaseType::Json;
    if table.fields().iter().any(turned) { u64::MAX } else { format(Format::Json, table) }
}

/// The most bytes of a table in which each value stands between marks that may name its field, and in which one byte of
/// text becomes at most eight.
pub fn markup(table: &Table) -> u64 {
    let nested = table.fields().iter().any(|field| field.base_type == BaseType::Infotable);
    if nested { u64::MAX } else { written(table, |field| 16 * field.name.len() as u64 + 80, 8) }
}

fn written(table: &Table, key: impl Fn(&Field) -> u64, byte: u64) -> u64 {
    let rows = table.rows() as u64;
    table.fields().iter().zip(table.columns()).fold(rows.saturating_mul(3).saturating_add(DEFINITION), |sum, one| {
        let (field, column) = one;
        let cells = rows.saturating_mul(key(field).saturating_add(CELL));
        sum.saturating_add(definition(field))
            .saturating_add(cells)
            .saturating_add(text_bytes(field, column).saturating_mul(byte))
    })
}

fn definition(field: &Field) -> u64 {
    let aspects: usize = field.further_aspects().map(|(name, value)| name.len() + value.len() + 8).sum();
    let text = 3 * field.name.len() + field.description.len() + field.base_type_name().len() + aspects;
    (text as u64).saturating_mul(ESCAPE).saturating_add(DEFINITION)
}

/// What the values of other than fixed width hold.
fn text_bytes(field: &Field, column: &ArrayRef) -> u64 {
    let offsets = match field.kind {
        Kind::Utf8 => column.as_string::<i32>().value_offsets(),
        Kind::Binary => column.as_binary::<i32>().value_offsets(),
        _ => return 0,
    };
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    u64::try_from(i64::from(last) - i64::from(first)).unwrap_or(0)
}

/// Of a text within quotes.
fn json_bytes(text: &str) -> u64 {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => ESCAPE,
        _ => 1,
    };
    text.bytes().map(escaped).sum::<u64>() + 2
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BinaryArray, BooleanArray, Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::table::format::pieces;
    use crate::table::infotable as tables;
    use crate::table::pieces::Pieces;

    /// Rows of what takes the most signs, under a name that does.
    fn nasty(rows: usize) -> Table {
        let text = "\u{1}\"&<]]>\u{202e}";
        let columns: Vec<(BaseType, ArrayRef)> = vec![
            (BaseType::Boolean, Arc::new(BooleanArray::from(vec![false; rows]))),
            (BaseType::Number, Arc::new(Float64Array::from(vec![-2.225_073_858_507_201e-308; rows]))),
            (BaseType::Long, Arc::new(Int64Array::from(vec![i64::MIN; rows]))),
            (BaseType::Datetime, Arc::new(Int64Array::from(vec![i64::MIN; rows]))),
            (BaseType::String, Arc::new(StringArray::from(vec![text; rows]))),
            (BaseType::String, Arc::new(StringArray::from(vec![""; rows]))),
            (BaseType::Json, Arc::new(StringArray::from(vec!["[1,2]"; rows]))),
            (BaseType::Blob, Arc::new(BinaryArray::from(vec![&b"x"[..]; rows]))),
        ];
        let fields = columns.iter().enumerate().map(|(at, (base_type, _))| {
            let mut field = Field::new(&format!("{text}{at}"), *base_type);
            field.description = text.into();
            field
        });
        let fields = fields.collect::<Vec<_>>().into();
        Table::new(fields, columns.into_iter().map(|(_, column)| column).collect(), rows).unwrap()
    }

    #[test]
    fn no_table_is_larger_than_it_can_be_at_most() {
        let length = |pieces: Pieces| pieces.map(|piece| piece.unwrap().len() as u64).sum::<u64>();
        for rows in [0, 1, 2, 100, 10_000] {
            let table = nasty(rows);
            for one in Format::ALL {
                let (length, most) = (length(pieces(one, table.clone())), format(one, &table));
                assert!(length <= most && most <= 20 * length + 10_000, "{rows} {one:?} {length} {most}");
            }
            assert!(length(tables::pieces(table.clone())) <= infotable(&table));
            assert!(length(tables::xml::pieces(table.clone())) <= markup(&table), "{rows}");
        }
        let wide: Vec<Field> = (0..3_000).map(|at| Field::new(&format!("{at}"), BaseType::String)).collect();
        let column: ArrayRef = Arc::new(StringArray::from(vec!["x"; 20]));
        let table = Table::new(wide.into(), vec![column; 3_000], 20).unwrap();
        for one in Format::ALL {
            assert!(length(pieces(one, table.clone())) <= format(one, &table), "{one:?}");
        }
    }
}
