//! Who makes a call, and what they may.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_store::Right;

use crate::error::JobsError;

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose token it is.
    pub organisation: Organisation,
    /// Id of the token; not secret.
    pub token: String,
    /// What the token is for, in the words of the caller that made it.
    pub label: Arc<str>,
    /// What it allows.
    pub rights: Vec<Right>,
}

impl Principal {
    /// Whether it allows this; `admin` allows everything.
    pub fn may(&self, right: Right) -> bool {
        self.rights.iter().any(|own| *own == right || *own == Right::Admin)
    }

    /// Refuses with `forbidden` what it does not allow.
    pub fn require(&self, right: Right) -> Result<(), JobsError> {
        if self.may(right) {
            return Ok(());
        }
        Err(JobsError::new(Code::Forbidden, "the token does not allow this").detail("right", right.as_str()))
    }
}
