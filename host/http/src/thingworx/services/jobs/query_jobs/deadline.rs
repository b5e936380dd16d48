//! How long a query may take: `thingworx_call_ms` from its beginning, for finding jobs and for making rows of them.

use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::limits::Limits;

use crate::thingworx::error::ServiceError;

/// When the time for a query is over.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    /// How long the query may take in all.
    most: Duration,
    begun: Instant,
}

impl Deadline {
    /// Of a query that begins now.
    pub(super) fn from_now(limits: &Limits) -> Self {
        Self { most: Duration::from_millis(limits.thingworx_call_ms), begun: Instant::now() }
    }

    /// Refuses a query whose time is over, with `timeout`.
    pub(super) fn check(self) -> Result<(), ServiceError> {
        if self.begun.elapsed() < self.most {
            return Ok(());
        }
        let message = format!(
            "the query took longer than {} ms (limit thingworx_call_ms); narrow it by status, providerName, modelName or \
             createdOn",
            self.most.as_millis()
        );
        Err(ServiceError::coded(Code::Timeout, message))
    }
}
