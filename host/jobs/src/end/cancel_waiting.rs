//! Cancelling jobs none of whose tasks has begun to run, or all of whose tasks wait for their next run.
//!
//! Whether a job may be cancelled so is asked in the step that cancels it: a job whose task is started at the same moment
//! is either cancelled before, and the task never starts, or is refused and runs on.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::names::{JobId, Organisation, ScheduleId};
use analyte_core::query::Filter;
use analyte_core::timestamp::Timestamp;
use analyte_store::{CancelAnswer, CancelRule, ListQuery};

use crate::detached::detached;
use crate::end::cancel_matching::PORTION;
use crate::error::JobsError;
use crate::manager::Manager;

/// Why a job was cancelled that a client asked to cancel.
const BY_REQUEST: &str = "cancelled by request";

impl Manager {
    /// Cancels a job all of whose tasks are queued. `already-finished` where it has ended, also by a cancellation;
    /// `conflict` where one of its tasks runs or has ended. A refused job stays as it was.
    pub async fn cancel_waiting(&self, organisation: &Organisation, id: JobId) -> Result<(), JobsError> {
        let answers = self.cancel_all_waiting(organisation, vec![id], BY_REQUEST.to_owned()).await?;
        match answers.into_iter().next() {
            Some((_, CancelAnswer::Cancelled(_))) => Ok(()),
            Some((_, CancelAnswer::Refused(_) | CancelAnswer::Untouched)) => {
                let job = self.job(organisation, id).await?;
                if job.status.ended() {
                    let error = JobsError::new(Code::AlreadyFinished, format!("the job is {} already", job.status));
                    return Err(error.detail("status", job.status.as_str()));
                }
                let begun = job.tasks.iter().find(|task| task.status != Status::Queued);
                let why = begun.map(|task| format!(", and its task `{}` is {}", task.name, task.status));
                let message = format!("the job is {}{}", job.status, why.unwrap_or_default());
                Err(JobsError::conflict(message).detail("status", job.status.as_str()))
            }
            Some((_, CancelAnswer::NotFound)) | None => Err(JobsError::not_found(format_args!("job `{id}`"))),
        }
    }

    /// Cancels the jobs all of whose tasks are queued and that were submitted at `from` or later and before `before`; says
    /// how many. Others stay as they are, and so do jobs that are submitted meanwhile. Each portion is one durable step.
    pub async fn cancel_waiting_of(
        &self,
        organisation: &Organisation,
        from: Timestamp,
        before: Timestamp,
    ) -> Result<u64, JobsError> {
        let filter = self.unfinished()?;
        self.cancel_found(organisation, filter, (Some(from), Some(before))).await
    }

    /// The same, of the jobs that a schedule has submitted.
    pub async fn cancel_waiting_of_schedule(
        &self,
        organisation: &Organisation,
        schedule: ScheduleId,
    ) -> Result<u64, JobsError> {
        let filter = self.unfinished_of_schedule(schedule)?;
        self.cancel_found(organisation, filter, (None, None)).await
    }

    async fn cancel_found(
        &self,
        organisation: &Organisation,
        filter: Filter,
        (from, before): (Option<Timestamp>, Option<Timestamp>),
    ) -> Result<u64, JobsError> {
        let mut query = ListQuery {
            created_after: from,
            created_before: before,
            scan: self.scan(Some(&filter)),
            filter: Some(Arc::new(filter)),
            limit: PORTION,
            ..ListQuery::default()
        };
        let mut count = 0;
        loop {
            let page = self.inner.store.jobs(organisation, query.clone()).await?;
            let ids: Vec<_> = page.jobs.iter().map(|job| job.id).collect();
            if !ids.is_empty() {
                let answers = self.cancel_all_waiting(organisation, ids, BY_REQUEST.to_owned()).await?;
                let cancelled = |(_, answer): &&(JobId, CancelAnswer)| matches!(answer, CancelAnswer::Cancelled(_));
                count += answers.iter().filter(cancelled).count() as u64;
            }
            match page.next {
                None => return Ok(count),
                next => query.after = next,
            }
        }
    }

    /// Cancels those of the jobs all of whose tasks are queued, in one step, for this reason.
    pub(crate) async fn cancel_all_waiting(
        &self,
        organisation: &Organisation,
        jobs: Vec<JobId>,
        reason: String,
    ) -> Result<Vec<(JobId, CancelAnswer)>, JobsError> {
        let (manager, organisation) = (self.clone(), organisation.clone());
        detached(async move {
            let rule = CancelRule { jobs, only_queued: true, all_or_nothing: false, reason };
            let answers = manager.inner.store.cancel_if(&organisation, rule, manager.now()).await?;
            for (_, answer) in &answers {
                if let CancelAnswer::Cancelled(changed) = answer {
                    manager.follow(changed);
                }
            }
            Ok(answers)
        })
        .await
    }
}
