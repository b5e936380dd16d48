//! Reads a table from JSON, straight into typed columns.
//!
//! Four forms: `{"dataShape":…,"rows":[{…}]}`, `{"rows":[{…}]}`, a bare array of row objects, and
//! `{"columns":{"name":[…]}}` with or without a `dataShape`. Other members of the document are ignored.
//!
//! What is not JSON, nests too deeply or is not UTF-8 is `malformed`; what is JSON but not a table for this shape is
//! `invalid-input`. A data shape that follows the rows is honoured: the document is then read a second time.
//!
//! There are two readers of rows. [`quick`] is asked first; it takes most tables, and refuses nothing. What it does not
//! take, the general one here reads from the start, and only that one says what is wrong.

mod cells;
mod columns;
mod quick;
mod rows;
mod scan;

pub(crate) use cells::CellSeed;

use std::fmt;

use serde::Deserialize as _;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::Limits;
use crate::shape::Shape;
use crate::shape::json::ShapeSeed;
use crate::table::json::Dialect;
use crate::table::json::text::deeper_than;
use crate::table::problem::ReadError;
use crate::table::read::Read;
use crate::table::read::table_budget::TableBudget;
use crate::table::read::table_builder::{Stop, TableBuilder};

/// How values are read.
#[derive(Debug)]
pub(crate) struct Manner<'l> {
    pub(crate) dialect: Dialect,
    /// Levels that a value may nest.
    pub(crate) depth: u64,
    pub(crate) limits: &'l Limits,
    /// Bytes by which values may still grow as they are read.
    pub(crate) room: u64,
}

/// Levels of a document around a cell: the document itself, `rows` or `columns`, the row or the column.
const AROUND: u64 = 3;

pub(crate) fn read(bytes: &[u8], shape: &Shape, limits: &Limits) -> Result<Read, ReadError> {
    read_in(bytes, shape, limits, Dialect::Client)
}

pub(crate) fn read_in(bytes: &[u8], shape: &Shape, limits: &Limits, dialect: Dialect) -> Result<Read, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ReadError::malformed(format!("not UTF-8 text: a wrong byte follows byte {}", error.valid_up_to()))
    })?;
    read_text(text, shape, limits, dialect)
}

pub(crate) fn read_text(text: &str, shape: &Shape, limits: &Limits, dialect: Dialect) -> Result<Read, ReadError> {
    let first = match quick::read(text, Document::new(text, shape, limits, dialect, ShapeComes::First)) {
        Some(result) => result.map(Ok),
        None => attempt(text, shape, limits, dialect, ShapeComes::First),
    };
    let result = first
        .or_else(|Late| attempt(text, shape, limits, dialect, ShapeComes::Late))
        .unwrap_or_else(|Late| Err(ReadError::invalid("`dataShape` is given twice")));
    // Reading stops at the first thing that is too wrong, which may lie before the depth that makes it malformed.
    if result.is_err() && deeper_than(text, limits.json_depth) {
        let most = limits.json_depth;
        return Err(ReadError::malformed(format!("JSON nested deeper than the limit json_depth, {most} levels")));
    }
    result
}

/// Where the document's own shape is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShapeComes {
    /// Before the values, or never: values are read as they come.
    First,
    /// After the values: they are set aside until the end.
    Late,
}

/// The shape came after values that had been read without it.
struct Late;

fn attempt(
    text: &str,
    shape: &Shape,
    limits: &Limits,
    dialect: Dialect,
    comes: ShapeComes,
) -> Result<Result<Read, ReadError>, Late> {
    let mut document = Document::new(text, shape, limits, dialect, comes);
    let mut reader = serde_json::Deserializer::from_str(text);
    match reader.deserialize_any(&mut document).and_then(|()| reader.end()) {
        Ok(()) => Ok(document.builder.finish(document.rows.unwrap_or(0))),
        Err(error) if error.is_data() => {
            // A value may have been refused only because the shape that explains it comes later.
            if comes == ShapeComes::First && document.values_came_first() && text.contains("dataShape") {
                return Err(Late);
            }
            let known = document.builder.take_error();
            Ok(Err(known.unwrap_or_else(|| ReadError::invalid(error.to_string()))))
        }
        Err(error) => Ok(Err(ReadError::malformed(format!("not JSON: {error}")))),
    }
}

/// The whole document, while it is read.
struct Document<'a> {
    builder: TableBuilder<'a>,
    manner: Manner<'a>,
    comes: ShapeComes,
    /// How many, once values have come.
    rows: Option<usize>,
    shape_seen: bool,
}

/// What a document calls its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Rows,
    Columns,
}

impl<'a> Document<'a> {
    /// Of this text, before anything was read.
    fn new(text: &str, shape: &'a Shape, limits: &'a Limits, dialect: Dialect, comes: ShapeComes) -> Self {
        let budget = match dialect {
            Dialect::Client | Dialect::ThingWorx => TableBudget::for_sent(text.len(), limits),
            Dialect::Record => TableBudget::of_limits(limits),
        };
        let builder = TableBuilder::new(shape, limits, budget);
        let manner = Manner { dialect, depth: limits.json_depth.saturating_sub(AROUND), limits, room: budget.most };
        Self { builder, manner, comes, rows: None, shape_seen: false }
    }

    fn values_came_first(&self) -> bool {
        self.rows.is_some() && !self.shape_seen
    }

    /// Says why reading ends; serde only carries the news.
    fn end<E: de::Error>(&mut self, message: &str) -> E {
        self.builder.stop(ReadError::invalid(message));
        stopped(Stop)
    }

    fn shape<E: de::Error>(&mut self, raw: &RawValue) -> Result<(), E> {
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
        let values = Values { builder: &mut self.builder, manner: &mut self.manner, layout };
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

/// The news that reading ends; the builder knows why.
fn stopped<E: de::Error>(_: Stop) -> E {
    E::custom("the table cannot be read")
}

impl<'de> Visitor<'de> for &mut Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table: an object with `rows` or `columns`, or an array of row objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let rows = rows::RowsVisitor { builder: &mut self.builder, manner: &mut self.manner };
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
                let values = Values { builder: &mut self.builder, manner: &mut self.manner, layout };
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
    manner: &'t mut Manner<'a>,
    layout: Layout,
}

impl<'de> DeserializeSeed<'de> for Values<'_, '_> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        let Self { builder, manner, layout } = self;
        match layout {
            Layout::Rows => deserializer.deserialize_any(rows::RowsVisitor { builder, manner }),
            Layout::Columns => deserializer.deserialize_any(columns::ColumnsVisitor { builder, manner }),
        }
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
