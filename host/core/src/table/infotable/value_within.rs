//! A single value within a document: the envelope of a VARIANT holds one, and a parameter of a service is one.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeSeed as _;

use super::cell::Cell;
use crate::base_type::{BaseType, Kind};
use crate::limits::Limits;
use crate::shape::Field;
use crate::table::json::Dialect;
use crate::table::json::cell_context::{CellContext, ReadNested};
use crate::table::json::read::CellSeed;
use crate::table::read::cell::Refused;
use crate::table::read::column_builder::ColumnBuilder;

/// A value of this base type, from valid JSON that nests at most `depth` levels; `null` is `None`. The error is one sentence.
pub(super) fn value_within(
    base_type: BaseType,
    json: &str,
    depth: u64,
    limits: &Limits,
    nested: ReadNested,
) -> Result<Option<Cell>, String> {
    let mut column = ColumnBuilder::new(Field::new("", base_type));
    let mut context = CellContext { dialect: Dialect::ThingWorx, depth, limits, room: limits.table_bytes, nested };
    let seed = CellSeed { column: &mut column, context: &mut context };
    match seed.deserialize(&mut serde_json::Deserializer::from_str(json)) {
        Ok(Ok(())) => {}
        Ok(Err(Refused::Unsuitable(message))) => return Err(message),
        Ok(Err(Refused::TooMuchText)) => {
            let message =
                format!("the value takes more than {} bytes of memory (limit table_bytes)", limits.table_bytes);
            return Err(message);
        }
        Err(_) => return Err("a number beyond float64, or text that is not Unicode".to_owned()),
    }
    let (field, column) = column.into_parts().map_err(|error| error.to_string())?;
    Ok(cell(&field, &column, 0))
}

/// What a column holds in this row.
fn cell(field: &Field, column: &ArrayRef, row: usize) -> Option<Cell> {
    if row >= column.len() || column.is_null(row) {
        return None;
    }
    Some(match field.kind {
        Kind::Bool => Cell::Bool(column.as_boolean().value(row)),
        Kind::Int32 => Cell::Int(column.as_primitive::<Int32Type>().value(row).into()),
        Kind::Int64 => Cell::Int(column.as_primitive::<Int64Type>().value(row)),
        Kind::Float32 => Cell::Number(column.as_primitive::<Float32Type>().value(row).into()),
        Kind::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(row)),
        Kind::Utf8 if field.base_type.is_json_text() => Cell::Json(column.as_string::<i32>().value(row).to_owned()),
        Kind::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        Kind::Binary => Cell::Text(STANDARD.encode(column.as_binary::<i32>().value(row))),
    })
}
