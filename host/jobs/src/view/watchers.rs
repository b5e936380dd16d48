//! Who watches which job: wakes those who wait for its end, and those who follow its events.
//!
//! A wake-up says no more than "look again"; the caller that is woken reads the job. A job that no caller watches costs
//! one look into a map.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::names::JobId;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// All watches.
#[derive(Default)]
pub(crate) struct Watchers {
    jobs: Mutex<HashMap<JobId, Watched>>,
}

/// A job that at least one caller watches.
#[derive(Default)]
struct Watched {
    bells: Arc<Bells>,
    /// Counted here, under the lock: two that end at once would each still see the other's share of the bells.
    watches: usize,
}

/// Rung when something happened to a job.
#[derive(Default)]
struct Bells {
    ended: Notify,
    changed: Notify,
}

/// A watch of one job; over when dropped.
pub(crate) struct Watch {
    watchers: Arc<Watchers>,
    job: JobId,
    bells: Arc<Bells>,
}

impl Watchers {
    /// Begins to watch a job.
    pub(crate) fn watch(self: &Arc<Self>, job: JobId) -> Watch {
        let mut jobs = self.jobs.lock();
        let watched = jobs.entry(job).or_default();
        watched.watches += 1;
        Watch { watchers: self.clone(), job, bells: watched.bells.clone() }
    }

    /// Something happened to this job, or one of its runs reported something.
    pub(crate) fn changed(&self, job: JobId) {
        if let Some(Watched { bells, .. }) = self.jobs.lock().get(&job) {
            bells.changed.notify_waiters();
        }
    }

    /// It ended.
    pub(crate) fn ended(&self, job: JobId) {
        if let Some(Watched { bells, .. }) = self.jobs.lock().get(&job) {
            bells.ended.notify_waiters();
            bells.changed.notify_waiters();
        }
    }
}

impl Watch {
    /// Ready when the job ends after this future was first polled or enabled.
    pub(crate) fn until_ended(&self) -> tokio::sync::futures::Notified<'_> {
        self.bells.ended.notified()
    }

    /// Ready when anything happens to the job after this future was first polled or enabled.
    pub(crate) fn until_changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.bells.changed.notified()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut jobs = self.watchers.jobs.lock();
        let Some(watched) = jobs.get_mut(&self.job) else { return };
        watched.watches = watched.watches.saturating_sub(1);
        if watched.watches == 0 {
            jobs.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn every_watch_of_a_job_is_woken_and_the_last_one_clears_up() {
        let watchers = Arc::new(Watchers::default());
        let (one, other) = (JobId(Uuid::from_u128(1)), JobId(Uuid::from_u128(2)));
        let (first, second, third) = (watchers.watch(one), watchers.watch(one), watchers.watch(other));
        {
            let (changed, ended, untouched) = (first.until_changed(), second.until_ended(), third.until_changed());
            tokio::pin!(changed, ended, untouched);
            assert!(!changed.as_mut().enable() && !ended.as_mut().enable() && !untouched.as_mut().enable());
            watchers.changed(one);
            changed.await;
            assert!(!ended.as_mut().enable());
            watchers.ended(one);
            ended.await;
            assert!(!untouched.as_mut().enable());
        }
        drop((first, third));
        assert_eq!(watchers.jobs.lock().keys().copied().collect::<Vec<_>>(), [one]);
        drop(second);
        assert!(watchers.jobs.lock().is_empty());
    }
}
