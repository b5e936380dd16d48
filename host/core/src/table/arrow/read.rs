//! Reads a table from an Arrow IPC stream of any number of batches.
//!
//! Columns of the seven kinds are taken without a copy; other types are converted where nothing is lost: integers, wide
//! and viewed text and bytes, dictionaries of text, dates, timestamps (rounded down to milliseconds; without a time zone
//! they are taken as UTC) and durations. What a column means may stand in its metadata ([`super::arrow::meta`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use bytes::Bytes;

use crate::base_type::Kind;
use crate::limits::Limits;
use crate::shape::{Field, Shape};
use crate::table::Table;
use crate::table::arrow::convert::convert;
use crate::table::arrow::{frames, meta};
use crate::table::json::text;
use crate::table::problem::{MOST_PROBLEMS, Problem, ReadError, clip};
use crate::table::read::Read;
use crate::table::read::table_budget::TableBudget;
use crate::table::read::table_builder::dropped_warnings;

/// Flatbuffers are read in place and want this alignment.
const ALIGNMENT: usize = 8;

pub(crate) fn read(bytes: Bytes, shape: &Shape, limits: &Limits) -> Result<Read, ReadError> {
    let budget = TableBudget::for_sent(bytes.len(), limits);
    let buffer =
        if bytes.as_ptr().align_offset(ALIGNMENT) == 0 { Buffer::from(bytes) } else { Buffer::from_slice_ref(&bytes) };
    let schema = frames::look_over(&buffer, limits)?;
    let batches = decode(buffer)?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();

    let mut names = std::collections::HashSet::new();
    let mut dropped = Vec::new();
    let mut fields: Vec<Field> = Vec::new();
    let mut columns = Vec::new();
    let mut left = budget.most;
    let mut problems = Vec::new();
    for (at, arrow) in schema.fields().iter().enumerate() {
        let name = arrow.name();
        if name.len() as u64 > limits.field_name_bytes {
            let most = limits.field_name_bytes;
            let message = format!("the name of a field is longer than the limit field_name_bytes, {most}");
            return Err(ReadError::field(&clip(name, 40), message));
        }
        if !names.insert(name.as_str()) {
            return Err(ReadError::field(name, "the column is given twice"));
        }
        let own = meta::field(arrow).map_err(|message| ReadError::field(name, message))?;
        if own.extra.len() as u64 > limits.field_aspects {
            let message = format!("the column has more aspects than the limit field_aspects, {}", limits.field_aspects);
            return Err(ReadError::field(name, message));
        }
        let field = match shape.field(name) {
            Some((_, declared)) => declared.clone(),
            None if shape.rest.admits(own.base_type) => own,
            None => {
                dropped.push(name.as_str());
                continue;
            }
        };
        let chunks: Vec<&ArrayRef> = batches.iter().filter_map(|batch| batch.columns().get(at)).collect();
        let column = gather(&field, &chunks, limits, &mut left, &mut problems)?;
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
        fields.push(field);
        columns.push(column);
    }
    if !problems.is_empty() {
        return Err(ReadError::of(problems));
    }
    let warnings = dropped_warnings(dropped.into_iter(), limits);
    let table = Table::new(fields.into(), columns, rows).map_err(|error| ReadError::invalid(error.to_string()))?;
    Ok(Read { table, warnings })
}

fn decode(mut buffer: Buffer) -> Result<Vec<RecordBatch>, ReadError> {
    let decoding = move || {
        let mut decoder = StreamDecoder::new();
        let mut batches = Vec::new();
        while !buffer.is_empty() {
            batches.extend(decoder.decode(&mut buffer)?);
        }
        decoder.finish()?;
        Ok(batches)
    };
    // Nothing of the decoder outlives a panic. None is known once the frames were looked over; if there is one, it is a
    // broken stream that found it.
    match catch_unwind(AssertUnwindSafe(decoding)) {
        Ok(Ok(batches)) => Ok(batches),
        Ok(Err(error)) => {
            let error: arrow_schema::ArrowError = error;
            Err(ReadError::malformed(format!("the Arrow stream is broken: {}", clip(&error.to_string(), 300))))
        }
        Err(_) => Err(ReadError::malformed("the Arrow stream is broken")),
    }
}

/// One column of all batches, of the field's kind.
fn gather(
    field: &Field,
    chunks: &[&ArrayRef],
    limits: &Limits,
    left: &mut u64,
    problems: &mut Vec<Problem>,
) -> Result<ArrayRef, ReadError> {
    let wanted = field.kind.arrow();
    if chunks.iter().any(|chunk| *chunk.data_type() != wanted) || chunks.is_empty() {
        return convert(field, chunks, left, problems);
    }
    if field.base_type.is_json_text() {
        check_json(field, chunks, limits, problems);
    }
    let [only] = chunks else {
        let all: Vec<&dyn arrow_array::Array> = chunks.iter().map(AsRef::as_ref).collect();
        return arrow_select::concat::concat(&all)
            .map_err(|error| ReadError::field(&field.name, format!("cannot be joined from batches: {error}")));
    };
    Ok(Arc::clone(only))
}

fn check_json(field: &Field, chunks: &[&ArrayRef], limits: &Limits, problems: &mut Vec<Problem>) {
    use arrow_array::cast::AsArray as _;
    debug_assert_eq!(field.kind, Kind::Utf8);
    let values = chunks.iter().filter_map(|chunk| chunk.as_string_opt::<i32>()).flatten();
    for (row, text) in values.enumerate() {
        let Some(Err(message)) = text.map(|text| text::check_as(field.base_type, text, limits.json_depth)) else {
            continue;
        };
        problems.push(Problem { field: Some(field.name.to_string()), row: Some(row as u64 + 1), message });
        if problems.len() >= MOST_PROBLEMS {
            return;
        }
    }
}
