//! Cancelling many jobs at once, by what they are rather than by their names.
//!
//! As with one job, the answer comes when the guests have gone, or says how many have not.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::job::fields::is_field;
use analyte_core::names::{JobId, Organisation, ScheduleId};
use analyte_core::query::{Filter, Query};
use analyte_store::{CancelAnswer, CancelRule, ListQuery};
use serde_json::{Value, json};

use crate::detached::detached;
use crate::end::cancel::{PATIENCE, still_there};
use crate::error::JobsError;
use crate::manager::Manager;

/// Jobs that are cancelled in one step, so that no other call waits long for the store.
pub(super) const PORTION: usize = 256;

/// What became of cancelling many jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelledMany {
    /// How many were cancelled, or would be.
    pub count: u64,
    /// How many runs of them had not gone when the answer was given.
    pub being_stopped: usize,
}

impl Manager {
    /// Cancels all unfinished jobs that the filter holds for (`None`: all of them), or only counts them; says how many.
    /// Jobs that are submitted meanwhile are left alone. Each portion is one durable step; where the caller goes away, or
    /// the server ends, what was cancelled so far stays cancelled.
    pub async fn cancel_matching(
        &self,
        organisation: &Organisation,
        filter: Option<Filter>,
        dry_run: bool,
    ) -> Result<CancelledMany, JobsError> {
        refuse_unknown(filter.as_ref())?;
        let unfinished = self.unfinished()?;
        let filter = match filter {
            Some(filter) => unfinished.and(filter),
            None => unfinished,
        };
        let mut query = ListQuery {
            scan: self.scan(Some(&filter)),
            filter: Some(Arc::new(filter)),
            limit: PORTION,
            ..ListQuery::default()
        };
        let (mut count, mut stopped) = (0, Vec::new());
        loop {
            let page = self.inner.store.jobs(organisation, query.clone()).await?;
            let ids: Vec<_> = page.jobs.iter().map(|job| job.id).collect();
            if dry_run {
                count += ids.len() as u64;
            } else if !ids.is_empty() {
                let cancelled = self.cancel_portion(organisation, ids).await?;
                count += cancelled.len() as u64;
                // After the change: a run that began just before it is among them.
                stopped.extend(self.inner.active_runs.of_jobs(organisation, &cancelled));
            }
            match page.next {
                None => return Ok(CancelledMany { count, being_stopped: still_there(&stopped, PATIENCE).await }),
                next => query.after = next,
            }
        }
    }

    /// A portion is cancelled whole, with what follows from it; a caller who goes away ends the search for the next. Says
    /// which were.
    async fn cancel_portion(&self, organisation: &Organisation, jobs: Vec<JobId>) -> Result<Vec<JobId>, JobsError> {
        let (manager, organisation) = (self.clone(), organisation.clone());
        detached(async move {
            let reason = "cancelled by request".to_owned();
            let rule = CancelRule { jobs, only_queued: false, all_or_nothing: false, reason };
            let (mut cancelled, mut changes) = (Vec::new(), Vec::new());
            for (id, answer) in manager.inner.store.cancel_if(&organisation, rule, manager.now()).await? {
                if let CancelAnswer::Cancelled(changed) = answer {
                    manager.follow(&changed);
                    cancelled.push(id);
                    changes.push(changed);
                }
            }
            manager.stop_late(&changes).await;
            Ok(cancelled)
        })
        .await
    }

    /// Holds for jobs that have not ended.
    pub(super) fn unfinished(&self) -> Result<Filter, JobsError> {
        self.own_filter(&json!({"type": "IN", "fieldName": "status", "values": ["queued", "running"]}))
    }

    /// Holds for the jobs that a schedule has submitted and that have not ended.
    pub(super) fn unfinished_of_schedule(&self, schedule: ScheduleId) -> Result<Filter, JobsError> {
        Ok(self.unfinished()?.and(self.of_schedule(schedule)?))
    }

    /// Holds for the jobs that a schedule has submitted.
    fn of_schedule(&self, schedule: ScheduleId) -> Result<Filter, JobsError> {
        self.own_filter(&json!({"type": "EQ", "fieldName": "schedule.id", "value": schedule.to_string()}))
    }

    fn own_filter(&self, condition: &Value) -> Result<Filter, JobsError> {
        let query = Query::of_value(&json!({ "filters": condition }), &self.inner.limits);
        query.ok().and_then(|query| query.filter).ok_or_else(|| {
            JobsError::new(Code::HostError, "the limits of queries leave no room for the server's own filter")
        })
    }
}

/// In a query an unknown field is a missing one. Here a slip would select, and cancel, more than was meant.
fn refuse_unknown(filter: Option<&Filter>) -> Result<(), JobsError> {
    let unknown = filter.and_then(|filter| filter.fields().into_iter().find(|field| !is_field(field)));
    match unknown {
        None => Ok(()),
        Some(field) => {
            let shown: String = field.chars().take(60).collect();
            Err(JobsError::invalid(format!("a job has no field `{shown}`, so nothing is cancelled")))
        }
    }
}
