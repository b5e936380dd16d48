//! One value of a small table, or of a parameter.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is none.
    Unset,
    /// Text; bytes are base64.
    Text(String),
    /// JSON text, for JSON, INFOTABLE, TAGS, LOCATION, QUERY and VARIANT.
    Json(String),
    /// A whole number; for DATETIME and TIMESPAN milliseconds.
    Int(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

impl Cell {
    /// Text where it is some, [`Cell::Unset`] where not.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Unset, |text| Self::Text(text.into()))
    }
    /// A time or another whole number where it is there.
    pub fn int(number: Option<impl Into<i64>>) -> Self {
        number.map_or(Self::Unset, |number| Self::Int(number.into()))
    }

    /// The text, if that is what it is.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
    /// The JSON text, if that is what it is.
    pub fn as_json(&self) -> Option<&str> {
        if let Self::Json(text) = self { Some(text) } else { None }
    }
    /// The whole number, if that is what it is.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }
    /// The number, whole or not.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
    /// The boolean, if that is what it is.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The value as JSON text; a number that is not finite is `null`.
    pub fn to_json(&self) -> String {
        match self {
            Self::Unset => "null".to_owned(),
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Json(text) => text.clone(),
            Self::Int(number) => number.to_string(),
            Self::Number(number) => serde_json::Value::from(*number).to_string(),
            Self::Bool(value) => value.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
