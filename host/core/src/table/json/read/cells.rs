//! One JSON value into one column, without a value in between.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::base_type::BaseType;
use crate::table::infotable::coerce::{push_lenient, push_structured};
use crate::table::json::Dialect;
use crate::table::json::cell_context::CellContext;
use crate::table::json::text::deeper_than;
use crate::table::read::cell::{Cell, Refused, push, refuse};
use crate::table::read::column_builder::ColumnBuilder;

/// Appends the value to the column. The inner error is a value that does not suit the column, the outer one a value
/// that cannot be read.
pub(crate) struct CellSeed<'c, 'l> {
    pub(crate) column: &'c mut ColumnBuilder,
    pub(crate) context: &'c mut CellContext<'l>,
}

impl<'de> DeserializeSeed<'de> for CellSeed<'_, '_> {
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

impl CellSeed<'_, '_> {
    #[inline]
    fn push(self, cell: Cell<'_>) -> Result<(), Refused> {
        match self.context.dialect {
            Dialect::Client | Dialect::Record => push(self.column, cell),
            Dialect::ThingWorx => push_lenient(self.column, cell),
        }
    }

    fn raw<E: de::Error>(self, text: &str) -> Result<Result<(), Refused>, E> {
        if text == "null" {
            self.column.push_missing();
            return Ok(Ok(()));
        }
        if text.starts_with(['[', '{']) && deeper_than(text, self.context.depth) {
            return Err(E::custom("nested too deeply"));
        }
        if !self.column.is_undecided() {
            return Ok(match self.context.dialect {
                Dialect::Client | Dialect::Record => push(self.column, Cell::Json(text)),
                Dialect::ThingWorx => push_structured(self.column, text, self.context),
            });
        }
        let base_type = match text.as_bytes().first() {
            Some(b'{' | b'[') => BaseType::Json,
            Some(b'"') => BaseType::String,
            Some(b't' | b'f') => BaseType::Boolean,
            _ => BaseType::Number,
        };
        self.column.decide(base_type);
        let Self { column, context } = self;
        let again = CellSeed { column: &mut *column, context };
        match again.deserialize(&mut serde_json::Deserializer::from_str(text)) {
            Ok(done) => Ok(done),
            // Of the right grammar, but there is no such value.
            Err(_) => Ok(refuse(column, "a number beyond float64, or text that is not Unicode".to_owned())),
        }
    }
}

impl<'de> Visitor<'de> for CellSeed<'_, '_> {
    type Value = Result<(), Refused>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    #[inline]
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.push(Cell::Float(value)))
    }
    #[inline]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.push(Cell::Signed(value)))
    }
    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.push(Cell::Unsigned(value)))
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        self.column.push_missing();
        Ok(Ok(()))
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.push(Cell::Bool(value)))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let number = match (self.context.dialect, text) {
            (Dialect::Record, "NaN") => f64::NAN,
            (Dialect::Record, "inf") => f64::INFINITY,
            (Dialect::Record, "-inf") => f64::NEG_INFINITY,
            _ => return Ok(self.push(Cell::Text(text))),
        };
        let numeric = self.column.field().base_type == BaseType::Number;
        Ok(push(self.column, if numeric { Cell::Float(number) } else { Cell::Text(text) }))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.push(Cell::Array))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.push(Cell::Object))
    }
}
