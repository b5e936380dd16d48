//! One JSON value into one column, without a value in between.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Dialect;
use crate::base_type::BaseType;
use crate::table::builder::ColumnBuilder;
use crate::table::cell::{Cell, Refused, push, refuse};
use crate::table::json_text::deeper_than;

/// Appends the value to the column. A value that does not suit is told apart from one that cannot be read.
pub(super) struct CellSeed<'c> {
    pub(super) column: &'c mut ColumnBuilder,
    pub(super) dialect: Dialect,
    /// Levels that a value may nest.
    pub(super) depth: u64,
}

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = Result<(), Refused>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.column.wants_raw() {
            self.raw(<&RawValue>::deserialize(deserializer)?.get())
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl CellSeed<'_> {
    fn raw<E: de::Error>(self, text: &str) -> Result<Result<(), Refused>, E> {
        if text == "null" {
            self.column.push_missing();
            return Ok(Ok(()));
        }
        if text.starts_with(['[', '{']) && deeper_than(text, self.depth) {
            return Err(E::custom("nested too deeply"));
        }
        if !self.column.is_undecided() {
            return Ok(push(self.column, Cell::Json(text)));
        }
        let base_type = match text.as_bytes().first() {
            Some(b'{' | b'[') => BaseType::Json,
            Some(b'"') => BaseType::String,
            Some(b't' | b'f') => BaseType::Boolean,
            _ => BaseType::Number,
        };
        self.column.decide(base_type);
        let Self { column, dialect, depth } = self;
        let again = CellSeed { column: &mut *column, dialect, depth };
        match again.deserialize(&mut serde_json::Deserializer::from_str(text)) {
            Ok(done) => Ok(done),
            // Of the right grammar, but there is no such value.
            Err(_) => Ok(refuse(column, "a number beyond float64, or text that is not Unicode".to_owned())),
        }
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = Result<(), Refused>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    #[inline]
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(push(self.column, Cell::Float(value)))
    }
    #[inline]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(push(self.column, Cell::Signed(value)))
    }
    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(push(self.column, Cell::Unsigned(value)))
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        self.column.push_missing();
        Ok(Ok(()))
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(push(self.column, Cell::Bool(value)))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let number = match (self.dialect, text) {
            (Dialect::Record, "NaN") => f64::NAN,
            (Dialect::Record, "inf") => f64::INFINITY,
            (Dialect::Record, "-inf") => f64::NEG_INFINITY,
            _ => return Ok(push(self.column, Cell::Text(text))),
        };
        let numeric = self.column.field().base_type == BaseType::Number;
        Ok(push(self.column, if numeric { Cell::Float(number) } else { Cell::Text(text) }))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(push(self.column, Cell::Array))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(push(self.column, Cell::Object))
    }
}
