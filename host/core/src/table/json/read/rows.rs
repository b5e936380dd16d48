//! `[{"name": value, …}, …]`: rows into columns.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::cells::CellSeed;
use super::skip::SkipSeed;
use super::stop::stopped;
use crate::table::json::cell_context::CellContext;
use crate::table::problem::{Problem, ReadError};
use crate::table::read::table_builder::{Slot, Stop, TableBuilder};

pub(super) struct RowsVisitor<'t, 'a> {
    pub(super) builder: &'t mut TableBuilder<'a>,
    pub(super) context: &'t mut CellContext<'a>,
}

impl<'de> Visitor<'de> for RowsVisitor<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`rows` as an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
        let mut order = Vec::new();
        let mut row = 0;
        loop {
            let seed = RowSeed { builder: &mut *self.builder, context: &mut *self.context, order: &mut order, row };
            if seq.next_element_seed(seed)?.is_none() {
                return Ok(row);
            }
            row += 1;
            self.builder.check_rows(row).map_err(stopped)?;
        }
    }
}

/// One row. `order` is where the keys of the row before went: rows are mostly alike, so that finding the column of a key
/// takes one comparison.
struct RowSeed<'r, 'a> {
    builder: &'r mut TableBuilder<'a>,
    context: &'r mut CellContext<'a>,
    order: &'r mut Vec<Slot>,
    row: usize,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl RowSeed<'_, '_> {
    fn not_a_row<E: de::Error>(self, found: &str) -> E {
        let row = Some(self.row as u64 + 1);
        let message = format!("expected an object of values by field name, found {found}");
        stopped(self.builder.stop(ReadError::of(vec![Problem { field: None, row, message }])))
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row, an object of values by field name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { builder, context, order, row } = self;
        let mut place = 0;
        loop {
            let predicted = order.get(place).copied();
            let Some(slot) = map.next_key_seed(KeySeed { builder: &mut *builder, predicted })? else {
                return Ok(());
            };
            let slot = slot.map_err(stopped)?;
            if predicted != Some(slot) {
                match order.get_mut(place) {
                    Some(before) => *before = slot,
                    None => order.push(slot),
                }
            }
            place += 1;
            builder.enter(slot, row).map_err(stopped)?;
            let column = match slot {
                Slot::Column(at) => builder.columns.get_mut(at),
                Slot::Dropped(_) => None,
            };
            match column {
                Some(column) => {
                    let seed = CellSeed { column, context: &mut *context };
                    if let Err(refused) = map.next_value_seed(seed)? {
                        builder.refused(slot, row, refused).map_err(stopped)?;
                    }
                }
                None => map.next_value_seed(SkipSeed(context.depth))?,
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.not_a_row("an array"))
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Err(self.not_a_row("null"))
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Err(self.not_a_row("a boolean"))
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Err(self.not_a_row("a string"))
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Err(self.not_a_row("a number"))
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Err(self.not_a_row("a number"))
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Err(self.not_a_row("a number"))
    }
}

/// A key, as the place its value goes to.
pub(super) struct KeySeed<'r, 'a> {
    pub(super) builder: &'r mut TableBuilder<'a>,
    pub(super) predicted: Option<Slot>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = Result<Slot, Stop>;
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_, '_> {
    type Value = Result<Slot, Stop>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    #[inline]
    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        match self.predicted {
            Some(slot) if self.builder.name(slot) == key => Ok(Ok(slot)),
            _ => Ok(self.builder.slot(key)),
        }
    }
}
