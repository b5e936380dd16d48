//! Ends a reading whose builder knows why.

use serde::de;

use crate::table::read::table_builder::Stop;

/// The news that reading ends; the builder knows why.
pub(super) fn stopped<E: de::Error>(_: Stop) -> E {
    E::custom("the table cannot be read")
}
