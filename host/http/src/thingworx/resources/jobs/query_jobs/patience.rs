//! How long a query may take: `thingworx_call_ms` from its beginning, for finding jobs and for making rows of them.

use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::limits::Limits;

use crate::thingworx::error::ServiceError;

/// What is left of the time for a query.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    most: Duration,
    since: Instant,
}

impl Patience {
    /// From now on.
    pub(super) fn begins(limits: &Limits) -> Self {
        Self { most: Duration::from_millis(limits.thingworx_call_ms), since: Instant::now() }
    }

    /// Refuses a query that took too long.
    pub(super) fn check(self) -> Result<(), ServiceError> {
        if self.since.elapsed() < self.most {
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
