//! A document as it is read: its data shape, and its values in one of two layouts.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::ColumnsVisitor;
use super::rows::RowsVisitor;
use super::stop::stopped;
use crate::limits::Limits;
use crate::shape::Shape;
use crate::shape::json::ShapeSeed;
use crate::table::json::Dialect;
use crate::table::json::cell_context::{CellContext, ReadNested};
use crate::table::json::text::deeper_than;
use crate::table::problem::ReadError;
use crate::table::read::table_budget::TableBudget;
use crate::table::read::table_builder::{Stop, TableBuilder};

/// Levels of a document around a cell: the document itself, `rows` or `columns`, the row or the column.
const AROUND: u64 = 3;

/// Where the document's own shape is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShapeComes {
    /// Before the values, or never: values are read as they come.
    First,
    /// After the values: they are set aside until the end.
    Late,
}

/// The shape came after values that had been read without it.
pub(super) struct Late;

/// The whole document, while it is read.
pub(super) struct Document<'a> {
    pub(super) builder: TableBuilder<'a>,
    pub(super) context: CellContext<'a>,
    comes: ShapeComes,
    /// How many, once values have come.
    pub(super) rows: Option<usize>,
    pub(super) shape_seen: bool,
}

/// What a document calls its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Rows,
    Columns,
}

impl<'a> Document<'a> {
    /// Of this text, before anything was read.
    pub(super) fn new(
        text: &str,
        shape: &'a Shape,
        limits: &'a Limits,
        dialect: Dialect,
        comes: ShapeComes,
        nested: ReadNested,
    ) -> Self {
        let budget = match dialect {
            Dialect::Client | Dialect::ThingWorx => TableBudget::for_sent(text.len(), limits),
            Dialect::Record => TableBudget::of_limits(limits),
        };
        let builder = TableBuilder::new(shape, limits, budget);
        let depth = limits.json_depth.saturating_sub(AROUND);
        let context = CellContext { dialect, depth, limits, room: budget.most, nested };
        Self { builder, context, comes, rows: None, shape_seen: false }
    }

    pub(super) fn values_came_first(&self) -> bool {
        self.rows.is_some() && !self.shape_seen
    }

    /// Says why reading ends; serde only carries the news.
    fn end<E: de::Error>(&mut self, message: &str) -> E {
        self.builder.stop(ReadError::invalid(message));
        stopped(Stop)
    }

    pub(super) fn shape<E: de::Error>(&mut self, raw: &RawValue) -> Result<(), E> {
        if raw.get() == "null" {
            return Ok(());
        }
        if deeper_than(raw.get(), self.builder.limits.json_depth) {
            return Err(self.end("`dataShape` is nested too deeply"));
        }
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let shape = ShapeSeed::new(self.builder.limits).deserialize(&mut reader);
        let shape = shape.map_err(|error| self.end::<E>(&format!("`dataShape`: {error}")))?;
        self.builder.given(&shape.fields).map_err(stopped)
    }

    fn set_aside<E: de::Error>(&mut self, layout: Layout, raw: &RawValue) -> Result<(), E> {
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let values = Values { builder: &mut self.builder, context: &mut self.context, layout };
        let rows = values.deserialize(&mut reader).map_err(|error| {
            if !error.is_data() {
                self.builder.stop(ReadError::malformed(format!("not JSON: {error}")));
            }
            E::custom(error)
        })?;
        self.rows = Some(rows);
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table: an object with `rows` or `columns`, or an array of row objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let rows = RowsVisitor { builder: &mut self.builder, context: &mut self.context };
        self.rows = Some(rows.visit_seq(seq)?);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut values: Option<Layout> = None;
        let mut aside: Option<(Layout, &'de RawValue)> = None;
        while let Some(key) = map.next_key::<String>()? {
            let layout = match key.as_str() {
                "rows" => Layout::Rows,
                "columns" => Layout::Columns,
                "dataShape" if self.shape_seen => return Err(self.end("`dataShape` is given twice")),
                "dataShape" => {
                    let raw = map.next_value()?;
                    if self.rows.is_some() {
                        return Err(A::Error::custom("`dataShape` comes late"));
                    }
                    self.shape_seen = true;
                    self.shape(raw)?;
                    continue;
                }
                _ => {
                    let raw: &RawValue = map.next_value()?;
                    if deeper_than(raw.get(), self.builder.limits.json_depth) {
                        return Err(self.end("the document is nested too deeply"));
                    }
                    continue;
                }
            };
            match values {
                Some(other) if other == layout => return Err(self.end(&format!("`{key}` is given twice"))),
                Some(_) => return Err(self.end("a table has either `rows` or `columns`, and both are given")),
                None => values = Some(layout),
            }
            if self.comes == ShapeComes::Late {
                aside = Some((layout, map.next_value()?));
            } else {
                // From here on a shape would be late.
                self.rows = Some(0);
                let values = Values { builder: &mut self.builder, context: &mut self.context, layout };
                self.rows = Some(map.next_value_seed(values)?);
            }
        }
        match aside {
            Some((layout, raw)) => self.set_aside(layout, raw),
            None if values.is_none() => Err(self.end("a table has `rows` or `columns`, and neither is given")),
            None => Ok(()),
        }
    }
}

/// The values in one of their two layouts; gives the number of rows.
struct Values<'t, 'a> {
    builder: &'t mut TableBuilder<'a>,
    context: &'t mut CellContext<'a>,
    layout: Layout,
}

impl<'de> DeserializeSeed<'de> for Values<'_, '_> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        let Self { builder, context, layout } = self;
        match layout {
            Layout::Rows => deserializer.deserialize_any(RowsVisitor { builder, context }),
            Layout::Columns => deserializer.deserialize_any(ColumnsVisitor { builder, context }),
        }
    }
}
