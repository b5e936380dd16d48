//! Tables inside Analyte's own records and descriptions: `{"dataShape":…,"rows":…}`, where non-finite numbers stand as
//! the strings `"NaN"`, `"inf"` and `"-inf"`, so that a table comes back as it was.
//!
//! Works with `serde_json` only, since a table is written and read as raw JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use super::Table;
use super::json;
use crate::limits::Limits;
use crate::shape::Shape;
use crate::table::json::Dialect;
use crate::table::json::read::read_text;

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = json::write::record(self, u64::MAX).map_err(ser::Error::custom)?;
        let text = String::from_utf8(bytes).map_err(ser::Error::custom)?;
        RawValue::from_string(text).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let read = read_text(raw.get(), &Shape::any(), &Limits::of_own_records(), Dialect::Record)
            .map_err(de::Error::custom)?;
        Ok(read.table)
    }
}
