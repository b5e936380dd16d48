//! Values that the table has no place for.

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error as _};
use serde_json::value::RawValue;

use crate::table::json::text::deeper_than;

/// Skips a value; one that nests deeper than this number of levels is an error.
pub(super) struct SkipSeed(pub(super) u64);

impl<'de> DeserializeSeed<'de> for SkipSeed {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        skip(deserializer, self.0)
    }
}

/// Skips a value that the table has no place for; it still may not nest deeper than `depth` levels.
fn skip<'de, D: Deserializer<'de>>(deserializer: D, depth: u64) -> Result<(), D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if raw.starts_with(['[', '{']) && deeper_than(raw, depth) {
        return Err(D::Error::custom("nested too deeply"));
    }
    Ok(())
}
