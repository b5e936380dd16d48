//! Cancelling jobs, queued or running, and removing ended ones.
//!
//! The state changes first and durably; only then the run is stopped. What it still gives is refused as stale, so a
//! cancelled job stays cancelled whatever the guest does meanwhile. The answer comes when the guest has gone, or says that it
//! has not; so does that of [cancelling many](Manager::cancel_matching).

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::transition::{Effect, Event, Refusal};
use analyte_core::names::{JobId, Organisation};
use analyte_store::Changed;
use futures::FutureExt as _;
use futures::future::join_all;
use tokio::time::timeout;

use crate::detached::detached;
use crate::error::JobsError;
use crate::manager::Manager;
use crate::run::active_runs::ActiveRun;
use crate::view::read::JobView;

/// How long an answer waits for the guest to go: far longer than a guest takes from one pause to the next.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Waits until these runs have gone, but no longer than this; says how many have not.
pub(crate) async fn still_there(runs: &[Arc<ActiveRun>], patience: Duration) -> usize {
    let gone = timeout(patience, join_all(runs.iter().map(|run| run.gone())));
    if gone.await.is_ok() {
        return 0;
    }
    runs.iter().filter(|run| run.gone().now_or_never().is_none()).count()
}

impl Manager {
    /// Cancels a job. `already-finished` where it completed or failed before; twice is harmless.
    pub async fn cancel(&self, organisation: &Organisation, id: JobId) -> Result<JobView, JobsError> {
        let event = Event::Cancel { reason: "cancelled by request".to_owned() };
        match self.change(organisation, id, event).await? {
            None => Err(JobsError::not_found(format_args!("job `{id}`"))),
            Some(Ok(changed)) => {
                self.stop_late(std::slice::from_ref(&changed)).await;
                // After the change: a run that began just before it is among them.
                let runs = self.inner.active_runs.of_job(organisation, id);
                let being_stopped = still_there(&runs, PATIENCE).await > 0;
                let view = self.view(changed.job).await?;
                Ok(JobView { being_stopped, ..view })
            }
            Some(Err(Refusal::AlreadyFinished)) => {
                let job = self.job(organisation, id).await?;
                Err(JobsError::new(Code::AlreadyFinished, format!("the job is {} already", job.status))
                    .detail("status", job.status.as_str()))
            }
            Some(Err(refusal)) => Err(JobsError::conflict(refusal.to_string())),
        }
    }

    /// Stops the runs that a claim began while their jobs were being cancelled: a claim holds its lock until its runs have
    /// begun.
    pub(crate) async fn stop_late(&self, cancelled: &[Changed]) {
        let runs =
            cancelled.iter().flat_map(|changed| changed.effects.iter().map(move |effect| (&changed.job, effect)));
        let stops: Vec<_> = runs
            .filter_map(|(job, effect)| match effect {
                Effect::Stop(run) => Some((job, run)),
                _ => None,
            })
            .collect();
        if stops.is_empty() {
            return;
        }
        drop(self.inner.claiming.lock().await);
        for (job, run) in stops {
            self.inner.active_runs.stop(&job.organisation, job.id, run);
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
        detached(async move {
            let answer = manager.inner.store.apply(&organisation, id, event, manager.now()).await?;
            if let Some(Ok(changed)) = &answer {
                manager.follow(changed);
            }
            Ok(answer)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use analyte_core::job::transition::Run;
    use analyte_core::names::{Attempt, Lease, RunKey, TaskKey, TaskName};
    use uuid::Uuid;

    use super::*;
    use crate::run::active_runs::ActiveRuns;

    #[tokio::test]
    async fn those_that_have_not_gone_in_time_are_counted() {
        let live = Arc::new(ActiveRuns::default());
        let organisation = Organisation::default_one();
        let begin = |job: u128| {
            let key = TaskKey {
                organisation: organisation.clone(),
                job: JobId(Uuid::from_u128(job)),
                task: TaskName::only(),
            };
            live.begin(RunKey { key, attempt: Attempt(1), lease: Lease(1) })
        };
        let [first, second, third] = [1, 2, 3].map(begin);
        let jobs = [1, 2, 7].map(|job| JobId(Uuid::from_u128(job)));
        let runs = live.of_jobs(&organisation, &jobs);
        assert_eq!(runs.len(), 2);
        let soon = Duration::from_millis(1);
        assert_eq!(still_there(&runs, soon).await, 2);
        drop(first);
        assert_eq!(still_there(&runs, soon).await, 1);
        let of_second = Run { task: TaskName::only(), attempt: Attempt(1), lease: Lease(1) };
        live.stop(&organisation, second.live.run.key.job, &of_second);
        // It was stopped, and its guest has not gone.
        assert_eq!(still_there(&runs, soon).await, 1);
        drop(second);
        assert_eq!(still_there(&runs, soon).await, 0);
        assert_eq!(live.of_jobs(&organisation, &[third.live.run.key.job]).len(), 1);
    }
}
