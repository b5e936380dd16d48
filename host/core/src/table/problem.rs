//! What is wrong with a table that was sent, to the field and row.

use std::fmt;

use serde::Serialize;

use crate::codes::Code;

/// The most problems that one error reports; reading stops at the last of them.
pub const MOST_PROBLEMS: usize = 20;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// In which field, where it is one field's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// In which row, counted from 1, where it is one row's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// What is wrong, as a sentence without field and row.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.field, self.row) {
            (Some(field), Some(row)) => write!(f, "field `{}`, row {row}: {}", clip(field, 256), self.message),
            (Some(field), None) => write!(f, "field `{}`: {}", clip(field, 256), self.message),
            (None, Some(row)) => write!(f, "row {row}: {}", self.message),
            (None, None) => f.write_str(&self.message),
        }
    }
}

/// Why no table came of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// [`Code::Malformed`] where it cannot be read at all, [`Code::InvalidInput`] where it can but does not fit.
    pub code: Code,
    /// One sentence.
    pub message: String,
    /// Each with field and row where they are known; at most [`MOST_PROBLEMS`].
    pub problems: Vec<Problem>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for ReadError {}

impl ReadError {
    /// It cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self { code: Code::Malformed, message: message.into(), problems: Vec::new() }
    }

    /// It can be read, but does not fit.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { code: Code::InvalidInput, message: message.into(), problems: Vec::new() }
    }

    /// It does not fit in these places, of which there is at least one.
    pub fn of(problems: Vec<Problem>) -> Self {
        let first = problems.first().map_or_else(|| "the table does not fit".to_owned(), Problem::to_string);
        let message = match problems.len() {
            0 | 1 => first,
            most if most >= MOST_PROBLEMS => format!("{first} (and at least {} more problems)", most - 1),
            2 => format!("{first} (and 1 more problem)"),
            several => format!("{first} (and {} more problems)", several - 1),
        };
        Self { code: Code::InvalidInput, message, problems }
    }

    /// It does not fit in this field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::of(vec![Problem { field: Some(field.to_owned()), row: None, message: message.into() }])
    }
}

/// The beginning of a text, for a message.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last().unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// A table that cannot be written in this format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A value of a column of JSON text is not JSON.
    #[error("field `{field}`, row {row}: {message}")]
    NotJson {
        /// Which field.
        field: String,
        /// Which row, counted from 1.
        row: u64,
        /// What is wrong.
        message: String,
    },
    /// It would be larger than what was allowed.
    #[error("the table takes more than {most} bytes in this format")]
    TooLarge {
        /// How many bytes it may take.
        most: u64,
    },
    /// A number is not finite, where the format has no word for such numbers.
    #[error("JSON does not allow non-finite numbers")]
    NonFinite,
    /// The library refused.
    #[error("the table cannot be written: {0}")]
    Failed(String),
}
