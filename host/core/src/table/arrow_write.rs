//! Writes a table as an Arrow IPC stream of one batch, with what its fields mean in their metadata.

use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};

use crate::table::bounded::Bounded;
use crate::table::format::WriteError;
use crate::table::{Table, arrow_meta};

pub(crate) fn write(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    let mut out = Bounded::new(most);
    match write_stream(table, &mut out) {
        Ok(()) => Ok(out.into_bytes()),
        Err(error) => Err(out.reason(&error)),
    }
}

fn write_stream(table: &Table, out: &mut Bounded) -> Result<(), ArrowError> {
    // A table that a client sent may miss values in any field; the stream says what is true of this table.
    let fields: Vec<_> = table
        .fields()
        .iter()
        .zip(table.columns())
        .map(|(field, column)| {
            let arrow = arrow_meta::arrow(field);
            if column.null_count() > 0 { arrow.with_nullable(true) } else { arrow }
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(table.rows()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), table.columns().to_vec(), &options)?;
    let mut writer = StreamWriter::try_new(out, &schema)?;
    writer.write(&batch)?;
    writer.finish()
}
