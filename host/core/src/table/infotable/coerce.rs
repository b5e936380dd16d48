//! One given value into one column, as leniently as ThingWorx documents it.
//!
//! | base type | taken beside its own form |
//! | --- | --- |
//! | NUMBER | a numeric string (`"35"`, `" 1e3 "`; words such as `"NaN"` are refused) |
//! | INTEGER, LONG, TIMESPAN | a numeric string; a fraction is cut off, as a cast in Java does; beyond the range is refused |
//! | BOOLEAN | a number and a numeric string: true unless 0; any other string: true where it says `true` in any case, else false |
//! | DATETIME | milliseconds as a numeric string, and ISO 8601 ([`super::time`]) |
//! | STRING and all other types that are text | a number or boolean as JSON writes it |
//! | IMAGE, BLOB | base64 also with blanks and line breaks, and without its padding |
//!
//! What is JSON text by itself is the matter of [`super::structured`].

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::stored::{Stored, Wrong};
use super::structured;
use super::{decimal, time};
use crate::base_type::{BaseType, Kind};
use crate::table::json::cell_context::CellContext;
use crate::table::json::text::{compact_into, deeper_than};
use crate::table::read::cell::{Cell, Refused, push, refuse};
use crate::table::read::column_builder::ColumnBuilder;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Appends a value; where it does not suit, a missing one.
pub(crate) fn push_lenient(column: &mut ColumnBuilder, cell: Cell<'_>) -> Result<(), Refused> {
    // No shape declares this column, so nothing says what its values should become.
    if column.is_inferred() {
        return push(column, cell);
    }
    match (column.field().kind, cell) {
        (_, Cell::Missing)
        | (Kind::Float64 | Kind::Float32, Cell::Float(_) | Cell::Signed(_) | Cell::Unsigned(_))
        | (Kind::Utf8, Cell::Text(_) | Cell::Json(_)) => push(column, cell),
        (Kind::Float64 | Kind::Float32, Cell::Text(text)) => match decimal::number(text) {
            Some(number) => push(column, Cell::Float(number)),
            None => unsuitable(column, cell),
        },
        (Kind::Bool, _) => match truth(cell) {
            Some(value) => push(column, Cell::Bool(value)),
            None => unsuitable(column, cell),
        },
        (Kind::Int32 | Kind::Int64, _) => push_whole(column, cell),
        (Kind::Utf8, Cell::Bool(value)) => text(column, if value { "true" } else { "false" }),
        (Kind::Utf8, Cell::Signed(value)) => text(column, itoa::Buffer::new().format(value)),
        (Kind::Utf8, Cell::Unsigned(value)) => text(column, itoa::Buffer::new().format(value)),
        (Kind::Utf8, Cell::Float(value)) => text(column, ryu::Buffer::new().format(value)),
        (Kind::Binary, Cell::Text(given)) => {
            let given: Vec<u8> = given.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            match BASE64.decode(given) {
                Ok(bytes) => Ok(column.push_bytes(|data| data.extend_from_slice(&bytes))?),
                Err(_) => unsuitable(column, cell),
            }
        }
        _ => unsuitable(column, cell),
    }
}

/// Appends a value that is given as valid JSON text to a column that keeps JSON text.
pub(crate) fn push_structured(
    column: &mut ColumnBuilder,
    json: &str,
    context: &mut CellContext<'_>,
) -> Result<(), Refused> {
    if column.is_inferred() {
        return push(column, Cell::Json(json));
    }
    let base_type = column.field().base_type;
    let CellContext { depth, limits, room, nested, .. } = context;
    match structured::stored(base_type, json, *depth, limits, *room, *nested) {
        Ok(Stored::Unset) => column.push_missing(),
        Ok(Stored::AsGiven) => column.push_bytes(|data| compact_into(json, data))?,
        // What would be too deep if it were sent so is not kept so: it may come back from a provider or a client.
        Ok(Stored::As(text)) if deeper_than(&text, *depth) => {
            return refuse(column, format!("in its complete form it is nested deeper than {depth} levels"));
        }
        Ok(Stored::As(text)) => {
            let grown = text.len().saturating_sub(json.len()) as u64;
            *room = room.checked_sub(grown).ok_or(Refused::TooMuchText)?;
            column.push_bytes(|data| compact_into(&text, data))?;
        }
        Err(Wrong::Type) => return unsuitable(column, Cell::Json(json)),
        Err(Wrong::Because(message)) => return refuse(column, message),
        Err(Wrong::TooMuch) => return Err(Refused::TooMuchText),
    }
    Ok(())
}

fn text(column: &mut ColumnBuilder, text: &str) -> Result<(), Refused> {
    push(column, Cell::Text(text))
}

fn truth(cell: Cell<'_>) -> Option<bool> {
    Some(match cell {
        Cell::Bool(value) => value,
        Cell::Signed(value) => value != 0,
        Cell::Unsigned(value) => value != 0,
        Cell::Float(value) => value != 0.0,
        // Too large for any number is not 0 either.
        Cell::Text(text) if decimal::is_numeric(text) => decimal::number(text) != Some(0.0),
        Cell::Text(text) => text.trim().eq_ignore_ascii_case("true"),
        _ => return None,
    })
}

fn push_whole(column: &mut ColumnBuilder, cell: Cell<'_>) -> Result<(), Refused> {
    let whole = match cell {
        Cell::Float(value) => decimal::whole_of(value),
        Cell::Text(text) if decimal::is_numeric(text) => decimal::whole(text),
        Cell::Text(text) if column.field().base_type == BaseType::Datetime => time::parse(text).map(|time| time.0),
        Cell::Signed(value) => Some(value),
        Cell::Unsigned(value) => i64::try_from(value).ok(),
        _ => None,
    };
    match (column.field().kind, whole) {
        (Kind::Int64, Some(value)) => column.push_i64(value),
        (_, Some(value)) if i32::try_from(value).is_ok() => push(column, Cell::Signed(value))?,
        _ => return unsuitable(column, cell),
    }
    Ok(())
}

fn unsuitable(column: &mut ColumnBuilder, cell: Cell<'_>) -> Result<(), Refused> {
    let base_type = column.field().base_type;
    let message = format!("expected {base_type} ({}), found {}", expected(base_type), cell.found());
    refuse(column, message)
}

/// For a message: what a column of this type takes.
fn expected(base_type: BaseType) -> &'static str {
    match base_type {
        BaseType::Number => "a number or a numeric string",
        BaseType::Integer => "a number from -2147483648 to 2147483647, or a string of it",
        BaseType::Long => "a number from -9223372036854775808 to 9223372036854775807, or a string of it",
        BaseType::Boolean => "a boolean, a string or a number",
        BaseType::Datetime => "milliseconds since 1970, a string of them, or a time such as \"2026-01-31T08:00:00Z\"",
        BaseType::Timespan => "milliseconds, or a string of them",
        BaseType::Location => "an object with latitude and longitude, or \"latitude,longitude,elevation\"",
        BaseType::Infotable => "a table, an object with dataShape and rows",
        BaseType::Tags => "an array of {vocabulary, vocabularyTerm}, or \"Vocabulary:Term\"",
        BaseType::Query => "an object, or a string of it",
        BaseType::Json | BaseType::Variant => "JSON",
        BaseType::Blob | BaseType::Image => "a base64 string",
        _ => "a string, a number or a boolean",
    }
}
