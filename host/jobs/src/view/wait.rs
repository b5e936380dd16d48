//! Waiting for the end of a job.

use std::time::Duration;

use analyte_core::names::{JobId, Organisation};
use tokio::time::{Instant, sleep_until};

use crate::end::phase::Phase;
use crate::error::JobsError;
use crate::manager::Manager;
use crate::view::read::JobView;

impl Manager {
    /// The job as soon as it has ended, or as it is after this long (at most `wait_seconds`), or when the server stops.
    pub async fn wait(&self, organisation: &Organisation, id: JobId, most: Duration) -> Result<JobView, JobsError> {
        self.wait_long(organisation, id, most.min(Duration::from_secs(self.inner.limits.wait_seconds))).await
    }

    /// The same without that bound: for callers that have one of their own.
    pub async fn wait_long(
        &self,
        organisation: &Organisation,
        id: JobId,
        most: Duration,
    ) -> Result<JobView, JobsError> {
        let until = Instant::now() + most;
        let watch = self.inner.watchers.watch(id);
        loop {
            // Listening begins before the job is looked at, so that no end slips in between.
            let ended = watch.until_ended();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let view = self.get(organisation, id).await?;
            if view.job.status.ended() {
                return Ok(view);
            }
            tokio::select! {
                () = ended => {}
                () = sleep_until(until) => return self.get(organisation, id).await,
                () = self.reached(Phase::Draining) => return self.get(organisation, id).await,
            }
        }
    }
}
