//! What a cell can hold: the Rust types, and how a column of each lies in memory.

use std::borrow::Cow;

use crate::raw::tables::{BaseType, BufferKind};
use crate::{Error, Result};

/// A Rust type whose values make up a column.
///
/// | Rust | base type | in memory |
/// | --- | --- | --- |
/// | `f64`, `f32` | NUMBER | `float64`, `float32` |
/// | `i32`, `i64` | INTEGER, LONG | `int32`, `int64` |
/// | `bool` | BOOLEAN | a bit |
/// | `String` | STRING | `utf8` |
/// | `Vec<u8>` | BLOB | `binary` |
/// | [`Datetime`], [`Timespan`] | DATETIME, TIMESPAN | `int64` milliseconds |
/// | [`Json`] | JSON | `utf8` |
///
/// The set is closed: there is a type here for every layout of the contract, and `#[row(base_type = …)]` gives a field
/// another meaning of the same layout.
pub trait Value: Sized + sealed::Sealed {
    /// The base type, unless a field says otherwise.
    const BASE_TYPE: BaseType;
    /// The layout of a column.
    const KIND: BufferKind;
    /// How one value is handed out: by copy, or as a slice of the column.
    type Ref<'a>: Copy;
    /// The buffers of a column, looked at as values.
    #[doc(hidden)]
    type View<'a>;
    #[doc(hidden)]
    fn view(buffers: Buffers<'_>, rows: usize) -> Option<Self::View<'_>>;
    /// The value of this row; zero, false or empty beyond the end.
    #[doc(hidden)]
    fn at<'a>(view: &Self::View<'a>, row: usize) -> Self::Ref<'a>;
    #[doc(hidden)]
    fn own(value: Self::Ref<'_>) -> Self;
}

/// A [`Value`] of four or eight bytes, so that a column of it is a slice.
pub trait Fixed: for<'a> Value<View<'a> = Cow<'a, [Self::Word]>> {
    /// The number that lies in memory.
    type Word: bytemuck::Pod + PartialEq + PartialOrd + std::fmt::Debug;
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, negative before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Datetime(pub i64);

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timespan(pub i64);

/// JSON text of any value.
///
/// ```
/// use analyte_sdk::Json;
///
/// let json = Json::of(&[1, 2])?;
/// assert_eq!(json.0, "[1,2]");
/// assert_eq!(json.parse::<Vec<u8>>()?, [1, 2]);
/// # Ok::<(), analyte_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Json(pub String);

impl Json {
    /// Writes a value as JSON.
    pub fn of<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self> {
        Ok(Self(serde_json::to_string(value)?))
    }

    /// Reads the JSON as a value.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.0)?)
    }
}

/// The buffers of a column as the contract gives them.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    pub offsets: Option<&'a [u8]>,
    pub data: &'a [u8],
}

#[cfg(target_endian = "big")]
compile_error!("the contract's buffers are little-endian, and are looked at in place");

/// Bytes as numbers: in place where they are aligned, copied where not. `None` where there are fewer than `count`.
fn words<W: bytemuck::Pod>(bytes: &[u8], count: usize) -> Option<Cow<'_, [W]>> {
    let bytes = bytes.get(..count.checked_mul(size_of::<W>())?)?;
    Some(match bytemuck::try_cast_slice(bytes) {
        Ok(words) => Cow::Borrowed(words),
        Err(_) => Cow::Owned(bytes.chunks_exact(size_of::<W>()).map(bytemuck::pod_read_unaligned).collect()),
    })
}

/// A column of values of varying length: value `i` lies between the offsets `i` and `i + 1`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Slices<'a, D: ?Sized> {
    offsets: Cow<'a, [i32]>,
    data: &'a D,
}

impl<D: ?Sized> Slices<'_, D> {
    fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        match self.offsets.get(row..)? {
            [start, end, ..] => Some(usize::try_from(*start).ok()?..usize::try_from(*end).ok()?),
            _ => None,
        }
    }
}

fn offsets(buffers: Buffers<'_>, rows: usize) -> Option<Cow<'_, [i32]>> {
    words(buffers.offsets?, rows.checked_add(1)?)
}

macro_rules! fixed {
    ($($type:ty, $word:ty, $base_type:ident $kind:ident, $word_to_type:expr;)*) => {
        $(
            impl sealed::Sealed for $type {}
            impl Value for $type {
                const BASE_TYPE: BaseType = BaseType::$base_type;
                const KIND: BufferKind = BufferKind::$kind;
                type Ref<'a> = $type;
                type View<'a> = Cow<'a, [$word]>;
                fn view(buffers: Buffers<'_>, rows: usize) -> Option<Self::View<'_>> {
                    words(buffers.data, rows)
                }
                fn at<'a>(view: &Self::View<'a>, row: usize) -> Self::Ref<'a> {
                    $word_to_type(view.get(row).copied().unwrap_or_default())
                }
                fn own(value: Self) -> Self {
                    value
                }
            }
            impl Fixed for $type {
                type Word = $word;
            }
        )*
    };
}

fixed! {
    f64, f64, Number Float64, std::convert::identity;
    f32, f32, Number Float32, std::convert::identity;
    i32, i32, Integer Int32, std::convert::identity;
    i64, i64, Long Int64, std::convert::identity;
    Datetime, i64, Datetime Int64, Datetime;
    Timespan, i64, Timespan Int64, Timespan;
}

impl sealed::Sealed for bool {}
impl Value for bool {
    const BASE_TYPE: BaseType = BaseType::Boolean;
    const KIND: BufferKind = BufferKind::BooleanBits;
    type Ref<'a> = bool;
    type View<'a> = &'a [u8];
    fn view(buffers: Buffers<'_>, rows: usize) -> Option<Self::View<'_>> {
        buffers.data.get(..rows.div_ceil(8))
    }
    fn at<'a>(view: &Self::View<'a>, row: usize) -> Self::Ref<'a> {
        bit(view, row)
    }
    fn own(value: bool) -> Self {
        value
    }
}

/// Bit `row`, least significant first; `false` beyond the end.
pub(crate) fn bit(bits: &[u8], row: usize) -> bool {
    bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

impl sealed::Sealed for String {}
impl Value for String {
    const BASE_TYPE: BaseType = BaseType::String;
    const KIND: BufferKind = BufferKind::Utf8;
    type Ref<'a> = &'a str;
    type View<'a> = Slices<'a, str>;
    fn view(buffers: Buffers<'_>, rows: usize) -> Option<Self::View<'_>> {
        Some(Slices { offsets: offsets(buffers, rows)?, data: std::str::from_utf8(buffers.data).ok()? })
    }
    fn at<'a>(view: &Self::View<'a>, row: usize) -> &'a str {
        view.range(row).and_then(|range| view.data.get(range)).unwrap_or_default()
    }
    fn own(value: &str) -> Self {
        value.to_owned()
    }
}

impl sealed::Sealed for Json {}
impl Value for Json {
    const BASE_TYPE: BaseType = BaseType::Json;
    const KIND: BufferKind = BufferKind::Utf8;
    type Ref<'a> = &'a str;
    type View<'a> = Slices<'a, str>;
    fn view(buffers: Buffers<'_>, rows: usize) -> Option<Self::View<'_>> {
        String::view(buffers, rows)
    }
    fn at<'a>(view: &Self::View<'a>, row: usize) -> &'a str {
        String::at(view, row)
    }
    fn own(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl sealed::Sealed for Vec<u8> {}
impl Value for Vec<u8> {
    const BASE_TYPE: BaseType = BaseType::Blob;
    const KIND: BufferKind = BufferKind::Binary;
    type Ref<'a> = &'a [u8];
    type View<'a> = Slices<'a, [u8]>;
    fn view(buffers: Buffers<'_>, rows: usize) -> Option<Self::View<'_>> {
        Some(Slices { offsets: offsets(buffers, rows)?, data: buffers.data })
    }
    fn at<'a>(view: &Self::View<'a>, row: usize) -> &'a [u8] {
        view.range(row).and_then(|range| view.data.get(range)).unwrap_or_default()
    }
    fn own(value: &[u8]) -> Self {
        value.to_owned()
    }
}

mod sealed {
    pub trait Sealed {}
}

/// Whether a column of this layout may have this base type; the table in `tables.wit`.
#[doc(hidden)]
pub const fn suits(kind: BufferKind, base_type: BaseType) -> bool {
    use BaseType as B;
    use BufferKind as K;
    match base_type {
        B::Integer => matches!(kind, K::Int32),
        B::Long | B::Datetime | B::Timespan => matches!(kind, K::Int64),
        B::Number => matches!(kind, K::Float64 | K::Float32),
        B::Boolean => matches!(kind, K::BooleanBits),
        B::Image | B::Blob => matches!(kind, K::Binary),
        _ => matches!(kind, K::Utf8),
    }
}

/// A column that cannot be looked at as what it is asked for.
pub(crate) fn broken(name: &str) -> Error {
    Error::new("broken-table", format!("The buffers of column `{name}` do not fit the table.")).detail("column", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misaligned_bytes_are_copied_and_read_the_same() {
        let numbers = [1.5_f64, -2.0, f64::MIN_POSITIVE];
        for shift in 0..8 {
            let mut bytes = vec![0_u8; shift];
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            let bytes = bytes.get(shift..).unwrap_or_default();
            assert_eq!(words::<f64>(bytes, 3).as_deref(), Some(&numbers[..]), "{shift}");
            assert_eq!(words::<f64>(bytes, 4), None);
        }
        assert_eq!(words::<f64>(&[], usize::MAX), None);
    }
}
