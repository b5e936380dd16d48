//! What became of the notifications of a job.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{JobId, Organisation};
use analyte_core::webhook::Outbox;

use crate::error::JobsError;
use crate::manager::Manager;

/// The webhooks of a job, and their deliveries.
#[derive(Debug, Clone, PartialEq)]
pub struct Notifications {
    /// Whose webhooks they are.
    pub job: Arc<Job>,
    /// What was to be delivered, and how far that is.
    pub outbox: Outbox,
}

impl Manager {
    /// What a job notifies of, and what became of it.
    pub async fn notifications(&self, organisation: &Organisation, id: JobId) -> Result<Notifications, JobsError> {
        let job = self.job(organisation, id).await?;
        // It was removed in between where there is none.
        let outbox = self.inner.store.outbox(organisation, id).await?;
        let outbox = outbox.ok_or_else(|| JobsError::not_found(format_args!("job `{id}`")))?;
        Ok(Notifications { job, outbox })
    }
}
