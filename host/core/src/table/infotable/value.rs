//! Single values, for the parameters of services: the same rules as for cells of a table, and the same code.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeSeed as _;
use serde_json::Value;

use super::Cell;
use crate::base_type::{BaseType, Kind};
use crate::limits::Limits;
use crate::shape::Field;
use crate::table::json::Dialect;
use crate::table::json::read::{CellSeed, Manner};
use crate::table::json::text;
use crate::table::read::cell::Refused;
use crate::table::read::column_builder::ColumnBuilder;

/// A value that a service was given, as a value of this base type; `null` is `None`. The error is one sentence.
///
/// INTEGER, LONG, DATETIME and TIMESPAN give [`Cell::Int`], NUMBER [`Cell::Number`], BOOLEAN [`Cell::Bool`], types that
/// are JSON text [`Cell::Json`], all others [`Cell::Text`], bytes as base64.
pub fn value(base_type: BaseType, value: &Value) -> Result<Option<Cell>, String> {
    read_value(base_type, &value.to_string(), &Limits::default())
}

/// The same for a value that is still JSON text, within these limits.
pub fn read_value(base_type: BaseType, json: &str, limits: &Limits) -> Result<Option<Cell>, String> {
    let json = json.trim();
    text::check(json, limits.json_depth)?;
    one(base_type, json, limits.json_depth, limits)
}

/// The same for valid JSON that nests at most so deep.
pub(super) fn one(base_type: BaseType, json: &str, depth: u64, limits: &Limits) -> Result<Option<Cell>, String> {
    let mut column = ColumnBuilder::new(Field::new("", base_type));
    let mut manner = Manner { dialect: Dialect::ThingWorx, depth, limits, room: limits.table_bytes };
    let seed = CellSeed { column: &mut column, manner: &mut manner };
    match seed.deserialize(&mut serde_json::Deserializer::from_str(json)) {
        Ok(Ok(())) => {}
        Ok(Err(Refused::Unsuitable(message))) => return Err(message),
        Ok(Err(Refused::TooMuchText)) => return Err("the value takes too much memory".to_owned()),
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
