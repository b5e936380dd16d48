//! Submitting several jobs of which either all are kept or none.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::names::{JobId, Organisation};
use analyte_engine::machine::background_drop::BackgroundDrop;
use analyte_store::{NewJob, Submitted};
use tokio::sync::OwnedRwLockReadGuard;

use crate::detached::detached;
use crate::error::JobsError;
use crate::intake::submission::Submission;
use crate::intake::submit::{TOGETHER, TRIES, queue_full, same};
use crate::manager::Manager;

/// Why several jobs were not submitted.
#[derive(Debug, Clone)]
pub struct NotTogether {
    /// The place of the submission that was refused; `None`: it is about all of them.
    pub place: Option<usize>,
    /// Why.
    pub error: JobsError,
}

impl From<JobsError> for NotTogether {
    fn from(error: JobsError) -> Self {
        Self { place: None, error }
    }
}

impl Manager {
    /// Submits several jobs in one durable step; their ids, in order. Where one of them is refused, none is kept.
    ///
    /// Idempotency keys are not looked at.
    pub async fn submit_together(
        &self,
        organisation: &Organisation,
        submissions: Vec<Submission>,
    ) -> Result<Vec<JobId>, NotTogether> {
        let begun = std::time::Instant::now();
        // However this ends, large tables are not dropped by the thread that answers.
        let tables = submissions.iter().flat_map(|submission| &submission.tasks).filter_map(|task| task.input.given());
        let _apart: Vec<_> =
            tables.filter_map(|table| BackgroundDrop::if_large(table.memory_bytes(), || table.clone())).collect();
        for _ in 0..TRIES {
            let (mut pinned, mut jobs) = (Vec::new(), Vec::new());
            for (place, submission) in submissions.iter().enumerate() {
                // Each takes little, many of them do not: others are answered in between.
                if place % TOGETHER == TOGETHER - 1 {
                    tokio::task::yield_now().await;
                }
                let prepared = self.prepared(organisation, submission).await;
                let (models, job) = prepared.map_err(|error| NotTogether { place: Some(place), error })?;
                pinned.push(models);
                jobs.push(job);
            }
            // From here to the store's answer nothing that is installed changes.
            let gate = self.inner.gate.clone().read_owned().await;
            let mut unchanged = true;
            for (place, (submission, models)) in submissions.iter().zip(&pinned).enumerate() {
                let now = self.models_of(organisation, submission);
                let now = now.map_err(|error| NotTogether { place: Some(place), error })?;
                unchanged &= now.iter().zip(models).all(|(now, model)| same(now, model));
            }
            if unchanged {
                let ids: Vec<JobId> = jobs.iter().map(|new| new.job.id).collect();
                self.keep_together(organisation, jobs, gate).await?;
                self.inner.metrics.submitted(ids.len() as u64, begun.elapsed());
                return Ok(ids);
            }
        }
        Err(JobsError::busy("the model is being replaced again and again", Duration::from_secs(1)).into())
    }

    /// Keeps all of them or none, and wakes the dispatcher, also where the caller goes away meanwhile.
    async fn keep_together(
        &self,
        organisation: &Organisation,
        jobs: Vec<NewJob>,
        gate: OwnedRwLockReadGuard<()>,
    ) -> Result<(), JobsError> {
        let (manager, of) = (self.clone(), Arc::new(organisation.clone()));
        let kept = detached(async move {
            let notifies = jobs.iter().any(|new| !new.job.webhooks.is_empty());
            let kept = manager.inner.store.submit_together(jobs, manager.now()).await;
            drop(gate);
            manager.wake_for(&of);
            if notifies {
                manager.inner.notify.notify_one();
            }
            Ok(kept?)
        });
        for submitted in kept.await? {
            match submitted {
                Submitted::New => {}
                Submitted::QueueFull { queued } => return Err(queue_full(queued, self.queue_cap(organisation))),
                // The ids are new and there are no keys, so neither can be.
                Submitted::Replayed(_) | Submitted::Mismatch => {
                    return Err(JobsError::new(Code::HostError, "a new job was taken for another one"));
                }
            }
        }
        Ok(())
    }
}
