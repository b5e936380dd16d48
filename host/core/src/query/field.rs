//! What a row shows to a filter.

use std::borrow::Cow;

use crate::timestamp::Timestamp;

/// A row: values by name.
pub trait Fields {
    /// The value of this name; [`Field::Missing`] where there is none, or no such name.
    fn field(&self, name: &str) -> Field<'_>;
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// Not set, or there is no such field.
    Missing,
    /// BOOLEAN.
    Boolean(bool),
    /// INTEGER, LONG.
    Integer(i64),
    /// NUMBER.
    Number(f64),
    /// STRING, TEXT, GUID, every name.
    Text(Cow<'a, str>),
    /// DATETIME.
    Datetime(Timestamp),
    /// TIMESPAN: milliseconds.
    Timespan(i64),
    /// LOCATION: degrees, and metres that no test looks at.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// Metres.
        elevation: Option<f64>,
    },
    /// TAGS: vocabulary and term of each.
    Tags(Vec<(&'a str, &'a str)>),
    /// There, but of a type that cannot be compared: JSON, INFOTABLE, IMAGE and the like.
    Other,
}

impl<'a> Field<'a> {
    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Field<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

/// The few values beyond the range of a LONG read as its end.
impl From<u64> for Field<'_> {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Field<'_> {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(value: &'a str) -> Self {
        Self::text(value)
    }
}

impl From<String> for Field<'_> {
    fn from(value: String) -> Self {
        Self::text(value)
    }
}

impl From<Timestamp> for Field<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Datetime(value)
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}
