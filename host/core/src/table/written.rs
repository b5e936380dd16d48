//! What a table looks like once it is written, without writing it to a client.

use arrow_array::Array as _;

use crate::table::Table;
use crate::table::csv::write::render;
use crate::table::json::write::record;
use crate::table::problem::WriteError;

impl Table {
    /// One value as CSV writes it, for people to look at; `None` where it is missing or there is no such place.
    pub fn cell_text(&self, column: usize, row: usize) -> Option<String> {
        let (field, values) = (self.fields().get(column)?, self.columns().get(column)?);
        if row >= self.rows() || values.is_null(row) {
            return None;
        }
        let mut text = String::new();
        render(field, values, row, &mut text);
        Some(text)
    }
    /// How many bytes the table takes as Analyte's own records keep it, in JSON; `None`: more than `most`, and little more
    /// than that was written.
    pub fn written_bytes(&self, most: u64) -> Result<Option<u64>, WriteError> {
        match record(self, most) {
            Ok(bytes) => Ok(Some(bytes.len() as u64)),
            Err(WriteError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
