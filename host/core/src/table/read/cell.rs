//! One given value into one column: what each base type takes, and what it says to anything else.
//!
//! The rules are strict: a number is not taken for text, nor text for a number. Only what loses nothing is converted: a
//! whole number written `3.0` into INTEGER and LONG, RFC 3339 into DATETIME, `lat,long,elev` into LOCATION, base64 into
//! IMAGE and BLOB.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base_type::{BaseType, Kind};
use crate::table::json::text::compact_into;
use crate::table::problem::clip;
use crate::table::read::column_builder::{ColumnBuilder, TooMuchText};
use crate::timestamp::Timestamp;

/// A value as a document gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    Missing,
    Bool(bool),
    Signed(i64),
    /// Beyond `i64`, or any other that is not negative.
    Unsigned(u64),
    Float(f64),
    Text(&'a str),
    /// An array or an object that is not wanted.
    Array,
    Object,
    /// Valid JSON text of a value that is not `null`.
    Json(&'a str),
}

/// Why a value was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It does not suit the column, which then has a missing value in its place.
    Unsuitable(String),
    /// The column is full.
    TooMuchText,
}

/// What a client is answered to [`Refused::TooMuchText`], in whatever form its table came.
pub(crate) const TOO_MUCH_TEXT: &str =
    "the column holds more text than 2 GiB, or than the limit table_bytes or 64 times the bytes sent allow";

impl From<TooMuchText> for Refused {
    fn from(_: TooMuchText) -> Self {
        Self::TooMuchText
    }
}

/// Greatest whole number up to which `f64` holds every one.
pub(crate) const EXACT: u64 = 1 << 53;

impl Cell<'_> {
    /// For a message: what was found.
    pub(crate) fn found(self) -> String {
        match self {
            Self::Missing => "nothing".to_owned(),
            Self::Bool(value) => format!("the boolean {value}"),
            Self::Signed(value) => format!("the number {value}"),
            Self::Unsigned(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(text) => format!("the string {:?}", clip(text, 40)),
            Self::Array => "an array".to_owned(),
            Self::Object => "an object".to_owned(),
            Self::Json(text) => match text.as_bytes().first() {
                Some(b'{') => "an object".to_owned(),
                Some(b'[') => "an array".to_owned(),
                Some(b'"') => format!("the string {}", clip(text, 40)),
                Some(b't' | b'f') => format!("the boolean {text}"),
                _ => format!("the number {}", clip(text, 40)),
            },
        }
    }
}

/// For a message: what a column of this type takes.
fn expected(base_type: BaseType) -> &'static str {
    match base_type {
        BaseType::Number => "a number",
        BaseType::Integer => "a whole number from -2147483648 to 2147483647",
        BaseType::Long => "a whole number from -9223372036854775808 to 9223372036854775807",
        BaseType::Boolean => "true or false",
        BaseType::Datetime => "whole milliseconds since 1970 or a time such as \"2026-01-31T08:00:00Z\"",
        BaseType::Timespan => "whole milliseconds",
        BaseType::Location => "an object with latitude and longitude, or \"latitude,longitude,elevation\"",
        BaseType::Blob | BaseType::Image => "a base64 string",
        other if other.is_json_text() => "JSON",
        _ => "a string",
    }
}

/// Appends a value; where it does not suit, a missing one, so that reading can go on and find further problems.
#[inline]
pub(crate) fn push(column: &mut ColumnBuilder, cell: Cell<'_>) -> Result<(), Refused> {
    match (column.field().kind, cell) {
        (Kind::Float64, Cell::Float(value)) => column.push_f64(value),
        (Kind::Float64, Cell::Signed(value)) => column.push_f64(value as f64),
        (Kind::Float64, Cell::Unsigned(value)) => column.push_f64(value as f64),
        (_, Cell::Missing) => column.push_missing(),
        _ => return push_other(column, cell),
    }
    Ok(())
}

fn push_other(column: &mut ColumnBuilder, cell: Cell<'_>) -> Result<(), Refused> {
    let base_type = column.field().base_type;
    match (column.field().kind, cell) {
        (Kind::Float32, Cell::Float(_) | Cell::Signed(_) | Cell::Unsigned(_)) => {
            let value = match cell {
                Cell::Float(value) => value,
                Cell::Signed(value) => value as f64,
                Cell::Unsigned(value) => value as f64,
                _ => f64::NAN,
            };
            // Rounded to the nearest float32; only one that would become infinite is refused.
            #[expect(clippy::cast_possible_truncation, reason = "this is the rounding")]
            let rounded = value as f32;
            if rounded.is_infinite() && value.is_finite() {
                return refuse(column, format!("expected a number within float32, found {value}"));
            }
            column.push_f64(value);
        }
        (Kind::Bool, Cell::Bool(value)) => column.push_bool(value),
        (Kind::Int32, _) => match whole(cell).and_then(|value| i32::try_from(value).ok()) {
            Some(value) => column.push_i32(value),
            None => return refuse_found(column, cell),
        },
        (Kind::Int64, Cell::Text(text)) if base_type == BaseType::Datetime => match text.parse::<Timestamp>() {
            Ok(time) => column.push_i64(time.0),
            Err(_) => return refuse_found(column, cell),
        },
        (Kind::Int64, _) => match whole(cell) {
            Some(value) => column.push_i64(value),
            None => return refuse_found(column, cell),
        },
        (Kind::Utf8, Cell::Json(text)) if base_type == BaseType::Location => return push_location(column, text),
        (Kind::Utf8, Cell::Json(text)) if base_type.is_json_text() => {
            if column.is_inferred() && !text.starts_with(['{', '[']) {
                return refuse_found(column, cell);
            }
            column.push_bytes(|data| compact_into(text, data))?;
        }
        (Kind::Utf8, Cell::Text(text)) if !base_type.is_json_text() => {
            column.push_bytes(|data| data.extend_from_slice(text.as_bytes()))?;
        }
        (Kind::Binary, Cell::Text(text)) => match STANDARD.decode(text) {
            Ok(bytes) => column.push_bytes(|data| data.extend_from_slice(&bytes))?,
            Err(_) => return refuse_found(column, cell),
        },
        _ => return refuse_found(column, cell),
    }
    Ok(())
}

/// The value as a whole number, if it is one and known exactly.
fn whole(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Signed(value) => Some(value),
        Cell::Unsigned(value) => i64::try_from(value).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and below 2^53, where no other number was rounded to it"
        )]
        Cell::Float(value) if value.fract() == 0.0 && value.abs() < EXACT as f64 => Some(value as i64),
        _ => None,
    }
}

fn push_location(column: &mut ColumnBuilder, json: &str) -> Result<(), Refused> {
    if json.starts_with('{') {
        return Ok(column.push_bytes(|data| compact_into(json, data))?);
    }
    match serde_json::from_str::<String>(json).ok().and_then(|text| location(&text)) {
        Some(object) => Ok(column.push_bytes(|data| data.extend_from_slice(object.as_bytes()))?),
        None => refuse_found(column, Cell::Json(json)),
    }
}

/// `latitude,longitude[,elevation]` as an object.
pub(crate) fn location(text: &str) -> Option<String> {
    let numbers = text.split(',').map(|part| part.trim().parse().ok().filter(|number: &f64| number.is_finite()));
    let numbers: Vec<f64> = numbers.collect::<Option<_>>()?;
    let (latitude, longitude, elevation) = match numbers.as_slice() {
        [latitude, longitude] => (latitude, longitude, &0.0),
        [latitude, longitude, elevation] => (latitude, longitude, elevation),
        _ => return None,
    };
    Some(serde_json::json!({"latitude": latitude, "longitude": longitude, "elevation": elevation}).to_string())
}

fn refuse_found(column: &mut ColumnBuilder, cell: Cell<'_>) -> Result<(), Refused> {
    let base_type = column.field().base_type;
    let message = if column.is_inferred() {
        let others = match base_type {
            BaseType::Number => "numbers",
            BaseType::Boolean => "booleans",
            BaseType::Json => "objects or arrays",
            _ => "strings",
        };
        format!("a mixture: the values before are {others}, and here is {}", cell.found())
    } else {
        format!("expected {base_type} ({}), found {}", expected(base_type), cell.found())
    };
    refuse(column, message)
}

pub(crate) fn refuse(column: &mut ColumnBuilder, message: String) -> Result<(), Refused> {
    column.push_missing();
    Err(Refused::Unsuitable(message))
}
