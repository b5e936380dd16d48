//! The one report of a run that failed.

use serde::{Deserialize, Serialize};

use crate::codes::Code;

/// Why a run failed: a code for programs, a sentence for people, and what helps to find the cause.
///
/// Everything but `code` and `message` may be empty. The code that makes a failure bounds the sizes of its texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened.
    pub code: Code,
    /// One sentence: what happened, with the limit's name and value where it was a limit.
    pub message: String,
    /// Facts by name; for `analysis-error` the provider's own code stands under `code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(String, String)>,
    /// What lies behind it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// wasmtime's word for the trap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap: Option<String>,
    /// Function names of the component, innermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<String>,
    /// The end of what the component wrote to stderr; a panic's message is there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with nothing but its code and sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
            causes: Vec::new(),
            trap: None,
            frames: Vec::new(),
            stderr: String::new(),
            hint: None,
        }
    }

    /// With one more fact.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.push((name.to_owned(), value.into()));
        self
    }

    /// With advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
impl std::error::Error for Failure {}
