//! Waiting for the end of a job.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::names::{JobId, Organisation};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::error::JobsError;
use crate::manager::Manager;
use crate::read::JobView;

/// Who waits for which job.
#[derive(Default)]
pub(crate) struct Watchers {
    jobs: Mutex<HashMap<JobId, Arc<Notify>>>,
}

/// Waits for one job; takes itself off the list when dropped.
struct Watch<'a> {
    watchers: &'a Watchers,
    job: JobId,
    ended: Arc<Notify>,
}

impl Watchers {
    fn watch(&self, job: JobId) -> Watch<'_> {
        let ended = self.jobs.lock().entry(job).or_default().clone();
        Watch { watchers: self, job, ended }
    }

    /// Wakes whoever waits for this job.
    pub(crate) fn tell(&self, job: JobId) {
        if let Some(ended) = self.jobs.lock().get(&job) {
            ended.notify_waiters();
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut jobs = self.watchers.jobs.lock();
        // The map's and this one's: nobody else waits.
        if Arc::strong_count(&self.ended) <= 2 {
            jobs.remove(&self.job);
        }
    }
}

impl Manager {
    /// The job as soon as it has ended, or as it is after this long (at most `wait_seconds`).
    pub async fn wait(&self, organisation: &Organisation, id: JobId, most: Duration) -> Result<JobView, JobsError> {
        let until = Instant::now() + most.min(Duration::from_secs(self.inner.limits.wait_seconds));
        let watch = self.inner.watchers.watch(id);
        loop {
            // Listening begins before the job is looked at, so that no end slips in between.
            let ended = watch.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let view = self.get(organisation, id).await?;
            if view.job.status.ended() {
                return Ok(view);
            }
            if timeout_at(until, ended).await.is_err() {
                return self.get(organisation, id).await;
            }
        }
    }
}
