//! Why a query is refused.

use std::fmt;

use crate::codes::Code;

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// JSON pointer (RFC 6901) of the place; empty for the whole query.
    pub pointer: String,
    /// What is wanted there.
    pub message: String,
    code: Code,
}

impl QueryProblem {
    /// A query that is JSON, and not one that can be taken.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), code: Code::InvalidInput }
    }

    pub(super) fn of_text(code: Code, message: String) -> Self {
        Self { pointer: String::new(), message, code }
    }

    /// The code that the caller gets: `malformed` for a text that is not JSON, `too-large` for one that is too long,
    /// `invalid-input` for everything else.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for QueryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "the query: {}", self.message)
        } else {
            write!(f, "the query, at {}: {}", self.pointer, self.message)
        }
    }
}

impl std::error::Error for QueryProblem {}
