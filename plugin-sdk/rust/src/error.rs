//! Why an analysis could not be done.

use std::borrow::Cow;
use std::fmt;

use crate::raw::analysis::AnalysisError;

/// What a fallible call of this crate, and an author's own, returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The analysis could not be done, and says why: a stable word for programs, a sentence for people, and facts by name.
///
/// For defects of the plugin itself, panic: the host reports the message with a stack trace.
///
/// ```
/// use analyte_sdk::Error;
///
/// let error = Error::new("too-few-rows", "A line needs at least 2 rows, and 1 was given.").detail("rows", 1);
/// assert_eq!(error.code(), "too-few-rows");
/// assert_eq!(error.to_string(), "too-few-rows: A line needs at least 2 rows, and 1 was given.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: Cow<'static, str>,
    message: String,
    details: Vec<(String, String)>,
}

impl Error {
    /// `code` is `[a-z0-9][a-z0-9-]{0,63}`; `message` is one plain sentence.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: Vec::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.details.push((name.into(), value.to_string()));
        self
    }

    /// The word for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The facts, in the order in which they were added.
    pub fn details(&self) -> &[(String, String)] {
        &self.details
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for AnalysisError {
    fn from(error: Error) -> Self {
        Self { code: error.code.into_owned(), message: error.message, details: error.details, extra: Vec::new() }
    }
}

impl From<AnalysisError> for Error {
    fn from(error: AnalysisError) -> Self {
        Self { code: error.code.into(), message: error.message, details: error.details }
    }
}

macro_rules! from_errors {
    ($($error:ty => $code:literal,)*) => {
        $(
            #[doc = concat!("Code `", $code, "`.")]
            impl From<$error> for Error {
                fn from(error: $error) -> Self {
                    Self::new($code, error.to_string())
                }
            }
        )*
    };
}

from_errors! {
    std::fmt::Error => "formatting",
    std::io::Error => "input-output",
    std::num::ParseFloatError => "not-a-number",
    std::num::ParseIntError => "not-a-number",
    std::num::TryFromIntError => "out-of-range",
    std::str::Utf8Error => "not-text",
    std::string::FromUtf8Error => "not-text",
    serde_json::Error => "not-json",
}
