//! The element types that a column can hold, out of those that ONNX knows.

use analyte_sdk::{Error, Field, Result};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::{Datum as _, DatumType};

/// What one element of a tensor is. Nothing is widened or narrowed: each has a layout of the same width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// `float`: NUMBER of 32 bits.
    F32,
    /// `double`: NUMBER of 64 bits.
    F64,
    /// `int32`: INTEGER.
    I32,
    /// `int64`: LONG.
    I64,
    /// `bool`: BOOLEAN.
    Bool,
    /// `string`: STRING.
    Text,
}

impl Element {
    /// As a model file writes it.
    pub(crate) fn of_onnx(number: i32, of: &str) -> Result<Self> {
        match DataType::try_from(number) {
            Ok(DataType::Float) => Ok(Self::F32),
            Ok(DataType::Double) => Ok(Self::F64),
            Ok(DataType::Int32) => Ok(Self::I32),
            Ok(DataType::Int64) => Ok(Self::I64),
            Ok(DataType::Bool) => Ok(Self::Bool),
            Ok(DataType::String) => Ok(Self::Text),
            Ok(other) => Err(unsupported(of, other.as_str_name())),
            Err(_) => Err(unsupported(of, &format!("no. {number}"))),
        }
    }

    /// As tract has it.
    pub(crate) fn of_tract(datum: DatumType, of: &str) -> Result<Self> {
        [Self::F32, Self::F64, Self::I32, Self::I64, Self::Bool, Self::Text]
            .into_iter()
            .find(|element| element.datum() == datum)
            .ok_or_else(|| unsupported(of, &format!("{datum:?}").to_uppercase()))
    }

    /// As tract has it.
    pub(crate) fn datum(self) -> DatumType {
        match self {
            Self::F32 => f32::datum_type(),
            Self::F64 => f64::datum_type(),
            Self::I32 => i32::datum_type(),
            Self::I64 => i64::datum_type(),
            Self::Bool => bool::datum_type(),
            Self::Text => String::datum_type(),
        }
    }

    /// Whether it has a value that stands for a missing one, NaN.
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// A field of such elements.
    pub(crate) fn field(self, name: &str) -> Field {
        match self {
            Self::F32 => Field::of::<f32>(name),
            Self::F64 => Field::of::<f64>(name),
            Self::I32 => Field::of::<i32>(name),
            Self::I64 => Field::of::<i64>(name),
            Self::Bool => Field::of::<bool>(name),
            Self::Text => Field::of::<String>(name),
        }
    }
}

fn unsupported(of: &str, element: &str) -> Error {
    let message = format!(
        "`{of}` has elements of type {element}, which no column holds; export it with float, double, int32, int64, bool \
         or string."
    );
    Error::new("unsupported-type", message).detail("of", of).detail("type", element)
}
