//! InfoTables as clients of ThingWorx write and expect them: what is taken, what is refused and with which words, and
//! what comes out.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

mod coercions;
mod round_trip;
mod small_tables;
mod writing;
mod xml;

use analyte_core::base_type::BaseType;
use analyte_core::infotable;
use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::format::Read;
use analyte_core::table::problem::ReadError;
use serde_json::Value;

/// A closed shape.
fn shape(fields: &[(&str, BaseType)]) -> Shape {
    Shape::closed(fields.iter().map(|(name, base_type)| Field::new(name, *base_type)).collect())
}

fn read(text: &str, shape: &Shape) -> Result<Read, ReadError> {
    infotable::read(text.as_bytes(), shape, &Limits::default())
}

/// The table as a client sees it.
fn shown(table: &Table) -> Value {
    serde_json::from_slice(&infotable::write(table, u64::MAX).expect("written")).expect("JSON")
}

/// Its rows as a client sees them.
fn rows(table: &Table) -> Value {
    shown(table).get("rows").cloned().expect("rows")
}
