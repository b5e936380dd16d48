//! Single values, for the parameters of services: the same rules as for cells of a table, and the same code.

use serde_json::Value;

use super::cell::Cell;
use super::value_within::value_within;
use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::table::json::read::nested;
use crate::table::json::text;

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
    value_within(base_type, json, limits.json_depth, limits, nested)
}
