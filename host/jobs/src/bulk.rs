//! Cancelling many jobs at once, by what they are rather than by their names.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_core::query::{Filter, Query};
use analyte_store::{CancelAnswer, CancelRule, ListQuery};
use serde_json::json;

use crate::error::JobsError;
use crate::manager::Manager;
use crate::to_the_end::to_the_end;

/// Jobs that are cancelled in one step, so that nobody waits long for the store.
const PORTION: usize = 256;

impl Manager {
    /// Cancels all unfinished jobs that the filter holds for (`None`: all of them), or only counts them; says how many.
    /// Jobs that are submitted meanwhile are left alone. Each portion is one durable step; where the caller goes away, or
    /// the server ends, what was cancelled so far stays cancelled.
    pub async fn cancel_matching(
        &self,
        organisation: &Organisation,
        filter: Option<Filter>,
        dry_run: bool,
    ) -> Result<u64, JobsError> {
        if dry_run {
            // Nobody wants to know any more how many there are when the caller has gone.
            return self.cancel_all(organisation, filter, dry_run).await;
        }
        let (manager, organisation) = (self.clone(), organisation.clone());
        to_the_end(async move { manager.cancel_all(&organisation, filter, dry_run).await }).await
    }

    async fn cancel_all(
        &self,
        organisation: &Organisation,
        filter: Option<Filter>,
        dry_run: bool,
    ) -> Result<u64, JobsError> {
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
        let mut count = 0;
        loop {
            let page = self.inner.store.jobs(organisation, query.clone()).await?;
            let ids: Vec<_> = page.jobs.iter().map(|job| job.id).collect();
            if dry_run {
                count += ids.len() as u64;
            } else if !ids.is_empty() {
                let rule = CancelRule {
                    jobs: ids,
                    only_queued: false,
                    all_or_nothing: false,
                    reason: "cancelled by request".to_owned(),
                };
                for (_, answer) in self.inner.store.cancel_if(organisation, rule, self.now()).await? {
                    if let CancelAnswer::Cancelled(changed) = answer {
                        self.follow(&changed);
                        count += 1;
                    }
                }
            }
            match page.next {
                None => return Ok(count),
                next => query.after = next,
            }
        }
    }

    fn unfinished(&self) -> Result<Filter, JobsError> {
        let states = json!({"filters": {"type": "IN", "fieldName": "status", "values": ["queued", "running"]}});
        let query = Query::of_value(&states, &self.inner.limits);
        query.ok().and_then(|query| query.filter).ok_or_else(|| {
            JobsError::new(Code::HostError, "the limits of queries leave no room for the server's own filter")
        })
    }
}
