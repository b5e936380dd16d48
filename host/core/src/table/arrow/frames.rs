//! Looks over an Arrow stream before it is decoded: every length it states against the bytes that are there.
//!
//! The decoder checks what lies *within* the buffers (offsets, UTF-8, null counts), and no reader here switches that
//! off. It trusts the places of buffers, though, and would panic at one beyond its message; and it has no limits.

use arrow_ipc::{Endianness, MessageHeader, RecordBatch, root_as_message};
use arrow_schema::{DataType, Schema};

use crate::limits::Limits;
use crate::table::problem::{ReadError, clip};

const CONTINUATION: u32 = u32::MAX;

/// The schema of a stream that is whole, states no length beyond its bytes and is within the limits.
pub(crate) fn look_over(bytes: &[u8], limits: &Limits) -> Result<Schema, ReadError> {
    let mut frames = Frames { bytes, schema: None, rows: 0, limits };
    while frames.next()? {}
    frames.schema.ok_or_else(|| ReadError::malformed("the Arrow stream has no schema"))
}

struct Frames<'a> {
    /// What was not looked at yet.
    bytes: &'a [u8],
    schema: Option<Schema>,
    rows: u64,
    limits: &'a Limits,
}

fn broken(what: &str) -> ReadError {
    ReadError::malformed(format!("the Arrow stream is broken: {what}"))
}

impl<'a> Frames<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| broken("it is cut short, or states a length beyond its end"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn take_u32(&mut self) -> Result<u32, ReadError> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().rev().fold(0, |value, byte| (value << 8) | u32::from(*byte)))
    }

    /// Looks at one message; `false` at the end of the stream. The end has a mark of its own: without it a stream that
    /// lost its last batches would pass for whole.
    fn next(&mut self) -> Result<bool, ReadError> {
        let mut length = self.take_u32()?;
        if length == CONTINUATION {
            length = self.take_u32()?;
        }
        if length == 0 {
            return if self.bytes.is_empty() { Ok(false) } else { Err(broken("bytes follow its end")) };
        }
        let message = self.take(usize::try_from(length).map_err(|_| broken("a message is too long"))?)?;
        let message = root_as_message(message).map_err(|error| broken(&clip(&error.to_string(), 200)))?;
        let body = usize::try_from(message.bodyLength()).map_err(|_| broken("a body of negative length"))?;
        self.take(body)?;
        match message.header_type() {
            MessageHeader::Schema => {
                let schema = message.header_as_schema().ok_or_else(|| broken("a schema without content"))?;
                if self.schema.is_some() {
                    return Err(broken("it has two schemas"));
                }
                if schema.endianness() != Endianness::Little {
                    return Err(ReadError::invalid("the Arrow stream is big-endian, and only little-endian is taken"));
                }
                let fields = schema.fields().map_or(0, |fields| fields.len()) as u64;
                if fields > self.limits.columns {
                    let most = self.limits.columns;
                    return Err(ReadError::invalid(format!(
                        "the table has more columns than the limit columns, {most}"
                    )));
                }
                let schema = arrow_ipc::convert::try_fb_to_schema(schema)
                    .map_err(|error| broken(&clip(&error.to_string(), 200)))?;
                check_types(&schema)?;
                self.schema = Some(schema);
            }
            MessageHeader::RecordBatch => {
                let schema = self.schema.as_ref().ok_or_else(|| broken("a batch comes before the schema"))?;
                let batch = message.header_as_record_batch().ok_or_else(|| broken("a batch without content"))?;
                let rows = check_batch(&batch, schema.fields().len(), body, self.limits)?;
                self.rows = self.rows.saturating_add(rows);
                check_rows(self.rows, self.limits)?;
            }
            MessageHeader::DictionaryBatch => {
                let batch = message.header_as_dictionary_batch().and_then(|batch| batch.data());
                let batch = batch.ok_or_else(|| broken("a dictionary without content"))?;
                check_batch(&batch, 1, body, self.limits)?;
            }
            other => return Err(broken(&format!("a message of type {other:?}"))),
        }
        Ok(true)
    }
}

fn check_rows(rows: u64, limits: &Limits) -> Result<(), ReadError> {
    if rows > limits.rows {
        return Err(ReadError::invalid(format!("the table has more rows than the limit rows, {}", limits.rows)));
    }
    Ok(())
}

/// Columns are flat, so that each has exactly one node.
fn check_batch(batch: &RecordBatch<'_>, columns: usize, body: usize, limits: &Limits) -> Result<u64, ReadError> {
    if batch.compression().is_some() {
        return Err(ReadError::invalid("the Arrow stream is compressed; send it without compression"));
    }
    let rows = u64::try_from(batch.length()).map_err(|_| broken("a batch of negative length"))?;
    check_rows(rows, limits)?;
    let nodes = batch.nodes().ok_or_else(|| broken("a batch without columns"))?;
    if nodes.len() != columns {
        return Err(broken("a batch has another number of columns than the schema"));
    }
    for node in nodes {
        let nulls = u64::try_from(node.null_count()).map_err(|_| broken("a negative null count"))?;
        if u64::try_from(node.length()) != Ok(rows) || nulls > rows {
            return Err(broken("a column has another length than its batch"));
        }
    }
    let mut total = 0_usize;
    for buffer in batch.buffers().ok_or_else(|| broken("a batch without buffers"))? {
        let start = usize::try_from(buffer.offset()).map_err(|_| broken("a buffer at a negative place"))?;
        let length = usize::try_from(buffer.length()).map_err(|_| broken("a buffer of negative length"))?;
        total = total.saturating_add(length);
        // Buffers that overlapped could make a small stream a huge table.
        if start.checked_add(length).is_none_or(|end| end > body) || total > body {
            return Err(broken("a buffer lies beyond its message"));
        }
    }
    Ok(rows)
}

fn check_types(schema: &Schema) -> Result<(), ReadError> {
    for field in schema.fields() {
        if !is_taken(field.data_type()) {
            let taken = "booleans, integers, float32, float64, text, bytes, dates, timestamps, durations \
                         and dictionaries of text are taken";
            let message = format!("Arrow type {} is not taken; {taken}", clip(&field.data_type().to_string(), 100));
            return Err(ReadError::field(field.name(), message));
        }
    }
    Ok(())
}

fn is_taken(data_type: &DataType) -> bool {
    use DataType as D;
    match data_type {
        D::Dictionary(_, values) => matches!(values.as_ref(), D::Utf8 | D::LargeUtf8),
        D::Null
        | D::Boolean
        | D::Float32
        | D::Float64
        | D::Date32
        | D::Date64
        | D::Timestamp(_, _)
        | D::Duration(_)
        | D::Utf8
        | D::LargeUtf8
        | D::Utf8View
        | D::Binary
        | D::LargeBinary
        | D::BinaryView => true,
        other => other.is_integer(),
    }
}
