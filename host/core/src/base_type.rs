//! What a value means ([`BaseType`], the ThingWorx vocabulary) and how a column of it lies in memory ([`Kind`]).

use std::fmt;

use arrow_schema::DataType;
use serde::{Deserialize, Serialize};

/// How the values of a column lie in its buffers; Arrow's own layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One bit per row.
    Bool,
    /// Four bytes per row.
    Int32,
    /// Eight bytes per row.
    Int64,
    /// Four bytes per row, IEEE 754.
    Float32,
    /// Eight bytes per row, IEEE 754.
    Float64,
    /// `int32` offsets and UTF-8 bytes.
    Utf8,
    /// `int32` offsets and bytes.
    Binary,
}

impl Kind {
    /// The Arrow type of such a column.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Utf8 => DataType::Utf8,
            Self::Binary => DataType::Binary,
        }
    }

    /// The kind of an Arrow column of exactly one of these types.
    pub fn of_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Bool,
            DataType::Int32 => Self::Int32,
            DataType::Int64 => Self::Int64,
            DataType::Float32 => Self::Float32,
            DataType::Float64 => Self::Float64,
            DataType::Utf8 => Self::Utf8,
            DataType::Binary => Self::Binary,
            _ => return None,
        })
    }

    /// Bytes per row where all values are of one size; `None` for bits, text and bytes.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Int32 | Self::Float32 => Some(4),
            Self::Int64 | Self::Float64 => Some(8),
            Self::Bool | Self::Utf8 | Self::Binary => None,
        }
    }

    /// The word used in data shapes and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Utf8 => "utf8",
            Self::Binary => "binary",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! base_types {
    ($( $variant:ident $wire:literal [$($kind:ident)+]; )*) => {
        /// What a value means. Names are those of the ThingWorx base types.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum BaseType {
            $( #[doc = concat!("`", $wire, "`")] #[serde(rename = $wire)] $variant, )*
        }
        impl BaseType {
            /// Every base type.
            pub const ALL: &[BaseType] = &[ $( BaseType::$variant, )* ];

            /// The name, in capitals.
            pub fn as_str(self) -> &'static str {
                match self { $( BaseType::$variant => $wire, )* }
            }
            /// The buffer kinds that a column of it may have, the usual one first.
            pub fn kinds(self) -> &'static [Kind] {
                match self { $( BaseType::$variant => &[ $( Kind::$kind, )+ ], )* }
            }
            /// The usual buffer kind.
            pub fn kind(self) -> Kind {
                match self { $( BaseType::$variant => base_types!(@first $($kind)+), )* }
            }
        }
    };
    (@first $kind:ident $($rest:ident)*) => { Kind::$kind };
}

base_types! {
    String "STRING" [Utf8];
    Text "TEXT" [Utf8];
    Integer "INTEGER" [Int32];
    Long "LONG" [Int64];
    Number "NUMBER" [Float64 Float32];
    Boolean "BOOLEAN" [Bool];
    Datetime "DATETIME" [Int64];
    Timespan "TIMESPAN" [Int64];
    Location "LOCATION" [Utf8];
    Json "JSON" [Utf8];
    Infotable "INFOTABLE" [Utf8];
    Tags "TAGS" [Utf8];
    Query "QUERY" [Utf8];
    Variant "VARIANT" [Utf8];
    Guid "GUID" [Utf8];
    Schedule "SCHEDULE" [Utf8];
    Hyperlink "HYPERLINK" [Utf8];
    Imagelink "IMAGELINK" [Utf8];
    Html "HTML" [Utf8];
    Xml "XML" [Utf8];
    Password "PASSWORD" [Utf8];
    Image "IMAGE" [Binary];
    Blob "BLOB" [Binary];
    Vec2 "VEC2" [Utf8];
    Vec3 "VEC3" [Utf8];
    Vec4 "VEC4" [Utf8];
    Thingcode "THINGCODE" [Utf8];
    EntityName "ENTITYNAME" [Utf8];
}

impl BaseType {
    /// Reads a name as a data shape spells it: capitals, every `…NAME` type as [`BaseType::EntityName`], and a type that
    /// is not known as STRING (ThingWorx does the same).
    pub fn parse_lenient(name: &str) -> Self {
        match Self::parse(name) {
            Some(known) => known,
            None if name.ends_with("NAME") => Self::EntityName,
            None => Self::String,
        }
    }

    /// Reads a name exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name)
    }

    /// Whether `rest: numeric` admits it.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer | Self::Long)
    }

    /// Whether values are JSON text: written into JSON as they are, without quotes.
    pub fn is_json_text(self) -> bool {
        matches!(self, Self::Json | Self::Infotable | Self::Location | Self::Tags | Self::Query | Self::Variant)
    }
}

impl fmt::Display for BaseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
