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
mod document;
mod quick;
mod rows;
mod scan;
mod skip;
mod stop;

pub(crate) use cells::CellSeed;

use serde::de::Deserializer as _;

use self::document::{Document, Late, ShapeComes};
use crate::limits::Limits;
use crate::shape::Shape;
use crate::table::Table;
use crate::table::json::Dialect;
use crate::table::json::text::deeper_than;
use crate::table::problem::ReadError;
use crate::table::read::Read;

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
    let first = match quick::read(text, Document::new(text, shape, limits, dialect, ShapeComes::First, nested)) {
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

/// Reads the table that a cell holds, as clients of ThingWorx write it.
pub(crate) fn nested(json: &str, depth: u64, limits: &Limits) -> Result<Table, String> {
    let limits = Limits { json_depth: depth, ..limits.clone() };
    let read = read_text(json, &Shape::any(), &limits, Dialect::ThingWorx);
    read.map(|read| read.table).map_err(|error| error.message)
}

fn attempt(
    text: &str,
    shape: &Shape,
    limits: &Limits,
    dialect: Dialect,
    comes: ShapeComes,
) -> Result<Result<Read, ReadError>, Late> {
    let mut document = Document::new(text, shape, limits, dialect, comes, nested);
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
