//! `{"name": [value, …], …}`: columns as they are.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::cells::CellSeed;
use super::rows::KeySeed;
use super::skip::SkipSeed;
use super::stop::stopped;
use crate::table::json::cell_context::CellContext;
use crate::table::problem::{Problem, ReadError};
use crate::table::read::table_builder::{Slot, TableBuilder};

pub(super) struct ColumnsVisitor<'t, 'a> {
    pub(super) builder: &'t mut TableBuilder<'a>,
    pub(super) context: &'t mut CellContext<'a>,
}

impl<'de> Visitor<'de> for ColumnsVisitor<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`columns` as an object of arrays by field name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<usize, A::Error> {
        let Self { builder, context } = self;
        let mut first: Option<(String, usize)> = None;
        let mut seen = std::collections::HashSet::new();
        while let Some(slot) = map.next_key_seed(KeySeed { builder: &mut *builder, predicted: None })? {
            let slot = slot.map_err(stopped)?;
            let name = builder.name(slot).to_owned();
            if !seen.insert(name.clone()) {
                return Err(stopped(builder.stop(ReadError::field(&name, "the column is given twice"))));
            }
            let rows = map.next_value_seed(ColumnSeed { builder: &mut *builder, context: &mut *context, slot })?;
            match &first {
                None => first = Some((name, rows)),
                Some((other, length)) if *length != rows => {
                    let message = format!("the column has {rows} values, and column `{other}` has {length}");
                    let problem = Problem { field: Some(name), row: None, message };
                    builder.problem(problem).map_err(stopped)?;
                }
                Some(_) => {}
            }
        }
        Ok(first.map_or(0, |(_, rows)| rows))
    }
}

struct ColumnSeed<'c, 'a> {
    builder: &'c mut TableBuilder<'a>,
    context: &'c mut CellContext<'a>,
    slot: Slot,
}

impl<'de> DeserializeSeed<'de> for ColumnSeed<'_, '_> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ColumnSeed<'_, '_> {
    fn not_a_column<E: de::Error>(self, found: &str) -> E {
        let message = format!("expected an array of values, found {found}");
        let error = ReadError::field(self.builder.name(self.slot), message);
        stopped(self.builder.stop(error))
    }
}

impl<'de> Visitor<'de> for ColumnSeed<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column, an array of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
        let Self { builder, context, slot } = self;
        let mut row = 0;
        loop {
            let column = match slot {
                Slot::Column(at) => builder.columns.get_mut(at),
                Slot::Dropped(_) => None,
            };
            let given = match column {
                Some(column) => seq.next_element_seed(CellSeed { column, context: &mut *context })?,
                None => seq.next_element_seed(SkipSeed(context.depth))?.map(Ok),
            };
            match given {
                None => return Ok(row),
                Some(Ok(())) => {}
                Some(Err(refused)) => builder.refused(slot, row, refused).map_err(stopped)?,
            }
            row += 1;
            builder.check_rows(row).map_err(stopped)?;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<usize, A::Error> {
        Err(self.not_a_column("an object"))
    }
    fn visit_unit<E: de::Error>(self) -> Result<usize, E> {
        Err(self.not_a_column("null"))
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<usize, E> {
        Err(self.not_a_column("a boolean"))
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<usize, E> {
        Err(self.not_a_column("a string"))
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<usize, E> {
        Err(self.not_a_column("a number"))
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<usize, E> {
        Err(self.not_a_column("a number"))
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<usize, E> {
        Err(self.not_a_column("a number"))
    }
}
