//! Cancelling jobs, queued or running, and removing ended ones.
//!
//! The state changes first and durably; only then the run is stopped. What it still gives is refused as stale, so a
//! cancelled job stays cancelled whatever the guest does meanwhile. The answer comes when the guest has gone, or says that it
//! has not.

use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::names::{JobId, Organisation};
use analyte_store::Changed;
use futures::future::join_all;
use tokio::time::timeout;

use crate::detached::to_the_end;
use crate::error::JobsError;
use crate::manager::Manager;
use crate::view::read::JobView;

/// How long an answer waits for the guest to go: far longer than a guest takes from one pause to the next.
const PATIENCE: Duration = Duration::from_secs(2);

impl Manager {
    /// Cancels a job. `already-finished` where it completed or failed before; twice is harmless.
    pub async fn cancel(&self, organisation: &Organisation, id: JobId) -> Result<JobView, JobsError> {
        let event = Event::Cancel { reason: "cancelled by request".to_owned() };
        let runs = self.inner.live.of_job(organisation, id);
        match self.change(organisation, id, event).await? {
            None => Err(JobsError::not_found(format_args!("job `{id}`"))),
            Some(Ok(changed)) => {
                let gone = timeout(PATIENCE, join_all(runs.iter().map(|run| run.gone()))).await.is_ok();
                let view = self.view(changed.job).await?;
                Ok(JobView { being_stopped: !gone, ..view })
            }
            Some(Err(Refusal::AlreadyFinished)) => {
                let job = self.job(organisation, id).await?;
                Err(JobsError::new(Code::AlreadyFinished, format!("the job is {} already", job.status))
                    .detail("status", job.status.as_str()))
            }
            Some(Err(refusal)) => Err(JobsError::conflict(refusal.to_string())),
        }
    }

    /// Removes an ended job with all that belongs to it; `not-finished` before.
    pub async fn purge(&self, organisation: &Organisation, id: JobId) -> Result<(), JobsError> {
        match self.inner.store.purge(organisation, id).await? {
            Some(true) => Ok(()),
            Some(false) => Err(JobsError::new(Code::NotFinished, "the job has not ended yet; cancel it first")),
            None => Err(JobsError::not_found(format_args!("job `{id}`"))),
        }
    }

    /// Lets an event happen to a job and does what follows, also where the caller goes away meanwhile; `None`: there is no
    /// such job.
    pub(crate) async fn change(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
    ) -> Result<Option<Result<Changed, Refusal>>, JobsError> {
        let (manager, organisation) = (self.clone(), organisation.clone());
        to_the_end(async move {
            let answer = manager.inner.store.apply(&organisation, id, event, manager.now()).await?;
            if let Some(Ok(changed)) = &answer {
                manager.follow(changed);
            }
            Ok(answer)
        })
        .await
    }
}
