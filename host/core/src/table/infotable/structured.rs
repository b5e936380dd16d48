//! The base types that are kept as JSON text: what is taken for them, and the one form in which each is kept.
//!
//! | base type | taken | kept |
//! | --- | --- | --- |
//! | JSON | any value, `{"array":[…]}` too, in which ThingWorx boxes arrays | as given |
//! | LOCATION | an object, or `"lat,long,elev"` | an object |
//! | QUERY | an object, or a string of one; a blank string is unset | the object |
//! | TAGS | [`super::tags`] | the array of objects |
//! | VARIANT | any value, or the envelope `{baseType, value}` with exactly these members | the bare value, read by the envelope's base type |
//! | INFOTABLE | a table in any form, itself read by these rules; its depth is bounded with that of the whole document | `{"dataShape":…,"rows":…}`, complete |

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::stored::{Stored, Wrong};
use super::tags;
use super::value_within::value_within;
use super::write::{self, Inner};
use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::table::json::cell_context::ReadNested;
use crate::table::json::text;
use crate::table::pieces::whole;
use crate::table::problem::WriteError;
use crate::table::read::cell::location;

/// The form in which a value is kept. `json` is valid, no `null`, and nests at most so deep; what is kept takes at most
/// `room` bytes more. `nested` reads a table within it.
pub(crate) fn stored(
    base_type: BaseType,
    json: &str,
    depth: u64,
    limits: &Limits,
    room: u64,
    nested: ReadNested,
) -> Result<Stored, Wrong> {
    let most = room.saturating_add(json.len() as u64);
    let first = json.as_bytes().first();
    match (base_type, first) {
        (BaseType::Location | BaseType::Query, Some(b'{')) => Ok(Stored::AsGiven),
        (BaseType::Location, Some(b'"')) => location(&string(json)?).map(Stored::As).ok_or(Wrong::Type),
        (BaseType::Query, Some(b'"')) => query(&string(json)?, depth),
        (BaseType::Tags, Some(b'[' | b'"')) => tags::complete(json, most).map(Stored::As),
        (BaseType::Infotable, Some(b'{' | b'[')) => {
            let table = nested(json, depth, limits)
                .map_err(|message| Wrong::Because(format!("the table within: {message}")))?;
            let text = match whole(most, async |out| write::table(&table, Inner::Complete, out).await) {
                Err(WriteError::TooLarge { .. }) => return Err(Wrong::TooMuch),
                text => text.map_err(|error| Wrong::Because(error.to_string()))?,
            };
            String::from_utf8(text).map(Stored::As).map_err(|error| Wrong::Because(error.to_string()))
        }
        (BaseType::Variant, Some(b'{')) => variant(json, depth, limits, nested),
        (BaseType::Location | BaseType::Query | BaseType::Tags | BaseType::Infotable, _) => Err(Wrong::Type),
        _ => Ok(Stored::AsGiven),
    }
}

/// What a JSON string says.
fn string(json: &str) -> Result<String, Wrong> {
    serde_json::from_str(json).map_err(|_| Wrong::Because("text that is not Unicode".to_owned()))
}

fn query(text: &str, depth: u64) -> Result<Stored, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Stored::Unset);
    }
    text::check(text, depth).map_err(|message| Wrong::Because(format!("the query within the string: {message}")))?;
    if text.starts_with('{') { Ok(Stored::As(text.to_owned())) } else { Err(Wrong::Type) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'j> {
    #[serde(rename = "baseType", borrow)]
    base_type: Cow<'j, str>,
    #[serde(borrow)]
    value: &'j RawValue,
}

fn variant(json: &str, depth: u64, limits: &Limits, nested: ReadNested) -> Result<Stored, Wrong> {
    let Ok(Envelope { base_type, value }) = serde_json::from_str(json) else { return Ok(Stored::AsGiven) };
    let base_type = BaseType::parse_lenient(&base_type);
    match value_within(base_type, value.get(), depth.saturating_sub(1), limits, nested) {
        Ok(None) => Ok(Stored::Unset),
        Ok(Some(cell)) => Ok(Stored::As(cell.to_json())),
        Err(message) => Err(Wrong::Because(format!("the value within: {message}"))),
    }
}
