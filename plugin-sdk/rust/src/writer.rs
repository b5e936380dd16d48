//! Fills the buffers of a column, value by value.

use crate::raw::tables::BufferKind;
use crate::{Error, Result};

/// A column being written.
#[doc(hidden)]
#[derive(Debug)]
pub struct Writer {
    rows: usize,
    missing: bool,
    validity: Bits,
    offsets: Vec<u8>,
    data: Vec<u8>,
    bits: Bits,
    too_large: bool,
}

/// The finished buffers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    pub(crate) rows: usize,
    pub(crate) validity: Option<Vec<u8>>,
    pub(crate) offsets: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
}

#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        match (self.count % 8, self.bytes.last_mut()) {
            (0, _) | (_, None) => self.bytes.push(u8::from(bit)),
            (place, Some(last)) => *last |= u8::from(bit) << place,
        }
        self.count += 1;
    }
}

impl Writer {
    /// With room for this number of rows.
    pub fn new(kind: BufferKind, rows: usize) -> Self {
        let varying = matches!(kind, BufferKind::Utf8 | BufferKind::Binary);
        let mut offsets = Vec::new();
        if varying {
            offsets.reserve(rows.saturating_add(1).saturating_mul(4));
            offsets.extend_from_slice(&0_i32.to_le_bytes());
        }
        Self {
            rows: 0,
            missing: false,
            validity: Bits::default(),
            offsets,
            data: Vec::with_capacity(rows.saturating_mul(width(kind).unwrap_or(0))),
            bits: Bits::default(),
            too_large: false,
        }
    }

    fn valid(&mut self) {
        self.rows += 1;
        if self.missing {
            self.validity.push(true);
        }
    }

    /// A number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
        self.valid();
    }

    /// A boolean.
    pub fn bit(&mut self, bit: bool) {
        self.bits.push(bit);
        self.valid();
    }

    /// Text or bytes.
    pub fn slice(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
        self.end_slice();
        self.valid();
    }

    fn end_slice(&mut self) {
        let end = i32::try_from(self.data.len()).unwrap_or_else(|_| {
            self.too_large = true;
            i32::MAX
        });
        self.offsets.extend_from_slice(&end.to_le_bytes());
    }

    /// No value.
    pub fn missing(&mut self, kind: BufferKind) {
        if !self.missing {
            self.missing = true;
            for _ in 0..self.rows {
                self.validity.push(true);
            }
        }
        self.rows += 1;
        self.validity.push(false);
        match (kind, width(kind)) {
            (BufferKind::BooleanBits, _) => self.bits.push(false),
            (_, Some(width)) => self.data.resize(self.data.len() + width, 0),
            (_, None) => self.end_slice(),
        }
    }

    /// The buffers. Fails where the text of a column is longer than its offsets can say.
    pub(crate) fn finish(self, kind: BufferKind, name: &str) -> Result<Written> {
        if self.too_large {
            let message = format!("Column `{name}` has more than 2 GiB of text or bytes.");
            return Err(Error::new("column-too-large", message).detail("column", name));
        }
        let varying = matches!(kind, BufferKind::Utf8 | BufferKind::Binary);
        Ok(Written {
            rows: self.rows,
            validity: self.missing.then_some(self.validity.bytes),
            offsets: varying.then_some(self.offsets),
            data: if kind == BufferKind::BooleanBits { self.bits.bytes } else { self.data },
        })
    }
}

/// Bytes per row where all values are of one size.
pub(crate) const fn width(kind: BufferKind) -> Option<usize> {
    match kind {
        BufferKind::Int32 | BufferKind::Float32 => Some(4),
        BufferKind::Int64 | BufferKind::Float64 => Some(8),
        BufferKind::BooleanBits | BufferKind::Utf8 | BufferKind::Binary => None,
    }
}
