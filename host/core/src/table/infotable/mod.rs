//! InfoTables and base types as ThingWorx clients write and expect them.
//!
//! Reading is the reading of JSON tables in a lenient dialect: `{"dataShape":…,"rows":[…]}`, `{"rows":[…]}` or a bare
//! array of rows, straight into columns. What each base type takes beyond its own form stands in [`mod@coerce`] (text for
//! numbers, numbers for text, words for booleans, three forms of a time) and in [`mod@structured`] (tags, variants,
//! queries, nested tables). What suits no rule is `invalid-input` with field and row. A column whose type no shape
//! declares is typed by its values, without any of these rules.
//!
//! Writing is as ThingWorx prints: whole field definitions, unset values left out, times as milliseconds, nested tables
//! whole. Numbers that are not finite fail the whole table, as they do there.

use crate::limits::Limits;
use crate::shape::Shape;
use crate::table::Table;
use crate::table::json::{self, Dialect};
use crate::table::pieces::{Out, Pieces, whole};
use crate::table::problem::{ReadError, WriteError};
use crate::table::read::Read;

mod cell;
pub(crate) mod coerce;
mod decimal;
mod definitions;
mod rows;
mod stored;
pub(crate) mod structured;
mod tags;
pub mod time;
mod value;
mod value_within;
mod write;
pub mod xml;

pub use cell::Cell;
pub use rows::{Rows, empty, scalar};
pub use value::{read_value, value};

/// Reads a table as a client of ThingWorx sends it, for this shape.
///
/// Where a document has no `dataShape`, the expected shape stands for it; where both know a field, the expected shape
/// decides. Fields that the shape does not admit are dropped with a warning. `null` and an absent member are the same.
pub fn read(text: &[u8], shape: &Shape, limits: &Limits) -> Result<Read, ReadError> {
    json::read::read_in(text, shape, limits, Dialect::ThingWorx)
}

/// Writes `{"dataShape":{"fieldDefinitions":{…}},"rows":[…]}` in at most `most` bytes.
pub fn write(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    whole(most, async |out| write::table(table, write::Inner::AsKept(json::read::nested), out).await)
}

/// The same, piece by piece. What cannot be written at all is refused before the first piece that holds anything.
pub fn pieces(table: Table) -> Pieces {
    Pieces::new(async move |mut out: Out| {
        write::table(&table, write::Inner::AsKept(json::read::nested), &mut out).await.map(|()| out)
    })
}
