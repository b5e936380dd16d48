//! Whether there is room for further notifications.

use std::time::Duration;

use analyte_core::job::Job;
use analyte_core::names::Organisation;
use analyte_core::webhook::{DELIVERIES, Webhook};

use crate::error::JobsError;
use crate::manager::Manager;

/// After how long a caller may find room.
const PAUSE: Duration = Duration::from_secs(10);

impl Manager {
    /// Refuses as `busy` where a job with these webhooks is to be submitted, and too much of its organisation waits.
    pub(crate) async fn room_to_notify(
        &self,
        organisation: &Organisation,
        webhooks: &[Webhook],
    ) -> Result<(), JobsError> {
        if webhooks.is_empty() {
            return Ok(());
        }
        let (pending, most) = (self.inner.store.pending(organisation).await?, self.inner.limits.webhook_pending);
        if pending < most {
            return Ok(());
        }
        let message = format!(
            "{pending} notifications of the organisation wait to be delivered, and {most} are allowed (limit webhook_pending)"
        );
        Err(JobsError::quota(message, PAUSE))
    }

    /// The same where this job is to run again in place, whose own notifications may wait as well.
    pub(crate) async fn room_to_notify_again(&self, job: &Job) -> Result<(), JobsError> {
        self.room_to_notify(&job.organisation, &job.webhooks).await?;
        if job.webhooks.is_empty() {
            return Ok(());
        }
        let outbox = self.inner.store.outbox(&job.organisation, job.id).await?.unwrap_or_default();
        let pending = outbox.pending().count();
        if pending < DELIVERIES {
            return Ok(());
        }
        let message = format!("{pending} notifications of the job wait to be delivered; try again when some have been");
        Err(JobsError::quota(message, PAUSE))
    }
}
