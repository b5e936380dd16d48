//! One column while it is being read: values go straight into the buffers that the table will hold.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use crate::base_type::{BaseType, Kind};
use crate::shape::Field;

/// Values of one kind, a placeholder where one is missing.
enum Values {
    /// Nothing but missing values so far, and no shape says what they are.
    Undecided,
    Bool(BooleanBufferBuilder),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Text(Bytes),
}

/// UTF-8 or bytes.
struct Bytes {
    /// Where each value ends; there is a 0 before the first.
    offsets: Vec<i32>,
    data: Vec<u8>,
}

impl Values {
    /// `count` placeholders of this kind.
    fn placeholders(kind: Kind, count: usize) -> Self {
        match kind {
            Kind::Bool => {
                let mut bits = BooleanBufferBuilder::new(count);
                bits.append_n(count, false);
                Self::Bool(bits)
            }
            Kind::Int32 => Self::Int32(vec![0; count]),
            Kind::Int64 => Self::Int64(vec![0; count]),
            Kind::Float32 => Self::Float32(vec![0.0; count]),
            Kind::Float64 => Self::Float64(vec![0.0; count]),
            Kind::Utf8 | Kind::Binary => Self::Text(Bytes { offsets: vec![0; count + 1], data: Vec::new() }),
        }
    }
}

/// The column holds more text than 32-bit offsets can address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuchText;

/// A column that grows.
pub(crate) struct ColumnBuilder {
    field: Field,
    /// Whether the base type is that of the first value, since no shape declares this column.
    inferred: bool,
    values: Values,
    validity: NullBufferBuilder,
    rows: usize,
    wants_raw: bool,
}

impl ColumnBuilder {
    /// An empty column of this field.
    pub(crate) fn new(field: Field) -> Self {
        let values = Values::placeholders(field.kind, 0);
        let wants_raw = field.base_type.is_json_text();
        Self { field, inferred: false, values, validity: NullBufferBuilder::new(0), rows: 0, wants_raw }
    }

    /// An empty column whose first value will tell what it holds.
    pub(crate) fn undecided(name: &str) -> Self {
        Self {
            field: Field::new(name, BaseType::String),
            inferred: true,
            values: Values::Undecided,
            validity: NullBufferBuilder::new(0),
            rows: 0,
            wants_raw: true,
        }
    }

    #[inline]
    pub(crate) fn field(&self) -> &Field {
        &self.field
    }
    #[inline]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
    /// Whether a value must be seen as the JSON text that it is: it is kept so, or tells what the column holds.
    #[inline]
    pub(crate) fn wants_raw(&self) -> bool {
        self.wants_raw
    }
    pub(crate) fn is_undecided(&self) -> bool {
        matches!(self.values, Values::Undecided)
    }
    pub(crate) fn is_inferred(&self) -> bool {
        self.inferred
    }

    /// Decides what an undecided column holds.
    pub(crate) fn decide(&mut self, base_type: BaseType) {
        self.field.base_type = base_type;
        self.field.kind = base_type.kind();
        self.wants_raw = base_type.is_json_text();
        self.values = Values::placeholders(self.field.kind, self.rows);
    }

    #[inline]
    fn present(&mut self) {
        self.validity.append_non_null();
        self.rows += 1;
    }

    /// Makes room for `rows` further values, their text not counted.
    pub(crate) fn reserve(&mut self, rows: usize) {
        match &mut self.values {
            Values::Undecided => {}
            Values::Bool(bits) => bits.reserve(rows),
            Values::Int32(values) => values.reserve(rows),
            Values::Int64(values) => values.reserve(rows),
            Values::Float32(values) => values.reserve(rows),
            Values::Float64(values) => values.reserve(rows),
            Values::Text(text) => text.offsets.reserve(rows),
        }
    }

    /// Appends a missing value.
    pub(crate) fn push_missing(&mut self) {
        self.pad_to(self.rows + 1);
    }

    /// Appends missing values up to this length.
    #[inline]
    pub(crate) fn pad_to(&mut self, rows: usize) {
        if rows > self.rows {
            self.pad(rows - self.rows, rows);
        }
    }

    fn pad(&mut self, count: usize, rows: usize) {
        match &mut self.values {
            Values::Undecided => {}
            Values::Bool(bits) => bits.append_n(count, false),
            Values::Int32(values) => values.resize(rows, 0),
            Values::Int64(values) => values.resize(rows, 0),
            Values::Float32(values) => values.resize(rows, 0.0),
            Values::Float64(values) => values.resize(rows, 0.0),
            Values::Text(text) => {
                let end = text.offsets.last().copied().unwrap_or(0);
                text.offsets.resize(rows + 1, end);
            }
        }
        self.validity.append_n_nulls(count);
        self.rows = rows;
    }

    /// Appends a value to a column of bits; a missing value to any other.
    pub(crate) fn push_bool(&mut self, value: bool) {
        let Values::Bool(bits) = &mut self.values else { return self.push_missing() };
        bits.append(value);
        self.present();
    }
    /// Appends a value to a column of `int32`; a missing value to any other.
    #[inline]
    pub(crate) fn push_i32(&mut self, value: i32) {
        let Values::Int32(values) = &mut self.values else { return self.push_missing() };
        values.push(value);
        self.present();
    }
    /// Appends a value to a column of `int64`; a missing value to any other.
    #[inline]
    pub(crate) fn push_i64(&mut self, value: i64) {
        let Values::Int64(values) = &mut self.values else { return self.push_missing() };
        values.push(value);
        self.present();
    }
    /// Appends a value to a column of either float kind, rounded to nearest in `float32`; a missing value to any other.
    #[inline]
    pub(crate) fn push_f64(&mut self, value: f64) {
        // The usual kind is so short that it is put where it is called.
        let Values::Float64(values) = &mut self.values else { return self.push_f32(value) };
        values.push(value);
        self.present();
    }

    #[inline(never)]
    fn push_f32(&mut self, value: f64) {
        let Values::Float32(values) = &mut self.values else { return self.push_missing() };
        #[expect(clippy::cast_possible_truncation, reason = "rounds to nearest, as documented")]
        values.push(value as f32);
        self.present();
    }

    /// Appends a value to a column of text or bytes, written by `write`; a missing value to any other.
    pub(crate) fn push_bytes(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), TooMuchText> {
        let Values::Text(text) = &mut self.values else {
            self.push_missing();
            return Ok(());
        };
        write(&mut text.data);
        let end = i32::try_from(text.data.len()).map_err(|_| TooMuchText)?;
        text.offsets.push(end);
        self.present();
        Ok(())
    }

    /// The finished column. Fails only where text that was appended is not UTF-8.
    pub(crate) fn into_parts(mut self) -> Result<(Field, ArrayRef), ArrowError> {
        let validity = self.validity.finish();
        let offsets = |offsets: Vec<i32>| OffsetBuffer::new(ScalarBuffer::from(offsets));
        let column: ArrayRef = match self.values {
            Values::Undecided => {
                let text = offsets(vec![0; self.rows + 1]);
                Arc::new(StringArray::try_new(text, Buffer::default(), validity)?)
            }
            Values::Bool(mut bits) => Arc::new(BooleanArray::new(bits.finish(), validity)),
            Values::Int32(values) => Arc::new(Int32Array::try_new(values.into(), validity)?),
            Values::Int64(values) => Arc::new(Int64Array::try_new(values.into(), validity)?),
            Values::Float32(values) => Arc::new(Float32Array::try_new(values.into(), validity)?),
            Values::Float64(values) => Arc::new(Float64Array::try_new(values.into(), validity)?),
            Values::Text(text) if self.field.kind == Kind::Utf8 => {
                Arc::new(StringArray::try_new(offsets(text.offsets), text.data.into(), validity)?)
            }
            Values::Text(text) => Arc::new(BinaryArray::try_new(offsets(text.offsets), text.data.into(), validity)?),
        };
        Ok((self.field, column))
    }
}
