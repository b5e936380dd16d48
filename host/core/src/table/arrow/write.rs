//! Writes a table as an Arrow IPC stream, with what its fields mean in their metadata: in one batch where it is written
//! whole, else in batches of about a piece.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};

use crate::base_type::Kind;
use crate::table::Table;
use crate::table::arrow::meta;
use crate::table::pieces::{Out, PIECE};
use crate::table::problem::WriteError;

/// What each batch says of one column: three buffers of up to 64 bytes more than they hold, and where they are.
const PER_COLUMN: usize = 256;
/// About what a batch of few columns says of itself.
const PER_BATCH: usize = 4 * 1024;

pub(crate) async fn write(table: &Table, out: &mut Out) -> Result<(), WriteError> {
    let failed = |error: ArrowError| WriteError::Failed(error.to_string());
    // A table that a client sent may miss values in any field; the stream says what is true of this table.
    let fields: Vec<_> = table
        .fields()
        .iter()
        .zip(table.columns())
        .map(|(field, column)| {
            let arrow = meta::arrow(field);
            if column.null_count() > 0 { arrow.with_nullable(true) } else { arrow }
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(table.rows()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), table.columns().to_vec(), &options);
    let batch = batch.map_err(failed)?;
    out.check_least(batch_bytes(table, 0, table.rows()) as u64)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).map_err(failed)?;
    if out.in_pieces() {
        let most = PIECE.max(table.fields().len() * PER_COLUMN);
        let mut from = 0;
        while from < table.rows() {
            let rows = rows_within(table, from, most);
            writer.write(&batch.slice(from, rows)).map_err(failed)?;
            out.put_owned(std::mem::replace(writer.get_mut(), Vec::with_capacity(most + PER_BATCH)))?;
            out.offer().await;
            from += rows;
        }
    } else {
        writer.write(&batch).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    out.put_owned(std::mem::take(writer.get_mut()))
}

/// How many rows from here on take at most this many bytes, and at least one.
fn rows_within(table: &Table, from: usize, most: usize) -> usize {
    let (mut fits, mut beyond) = (1, table.rows() - from + 1);
    while beyond - fits > 1 {
        let rows = fits + (beyond - fits) / 2;
        if batch_bytes(table, from, rows) <= most {
            fits = rows;
        } else {
            beyond = rows;
        }
    }
    fits
}

/// What the values of these rows take at least.
fn batch_bytes(table: &Table, from: usize, rows: usize) -> usize {
    let column = |(field, column): (&crate::shape::Field, &ArrayRef)| match field.kind {
        Kind::Bool => rows / 8,
        Kind::Int32 | Kind::Float32 => rows * 4,
        Kind::Int64 | Kind::Float64 => rows * 8,
        Kind::Utf8 => rows * 4 + between(column.as_string::<i32>().value_offsets(), from, rows),
        Kind::Binary => rows * 4 + between(column.as_binary::<i32>().value_offsets(), from, rows),
    };
    table.fields().iter().zip(table.columns()).map(column).sum()
}

/// The bytes between two offsets.
fn between(offsets: &[i32], from: usize, rows: usize) -> usize {
    let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    at(from + rows).saturating_sub(at(from))
}
