//! Following the events of a job, from any of them on.
//!
//! A follower gets durable events only, so one that it saw is there again after a crash, under the same id. Nothing is
//! kept for a follower: each reads from the store at its own pace, and one that does not read costs next to nothing.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::event::{EventId, Happened, JobEvent, Reported};
use analyte_core::names::{JobId, Organisation};

use crate::end::phase::Phase;
use crate::error::JobsError;
use crate::manager::Manager;
use crate::view::watchers::Watch;

/// Most events that are read at once.
const PORTION: usize = 64;
/// Most bytes of texts in one portion, unless its first event alone has more. A follower that does not read holds on to
/// one portion.
const PORTION_BYTES: usize = 8 * 1024;

/// A follower's place among the events of a job.
pub struct Following {
    manager: Manager,
    organisation: Organisation,
    id: JobId,
    after: EventId,
    watch: Watch,
}

impl Manager {
    /// Follows a job's events after one of them; `EventId(0)`: from the first.
    pub async fn follow_job(
        &self,
        organisation: &Organisation,
        id: JobId,
        after: EventId,
    ) -> Result<Following, JobsError> {
        // Asked for now, so that the caller learns of a job that does not exist before anything is streamed.
        self.job(organisation, id).await?;
        let watch = self.inner.watchers.watch(id);
        Ok(Following { manager: self.clone(), organisation: organisation.clone(), id, after, watch })
    }
}

impl Following {
    /// The job as it is now; `None`: it is gone. Takes one of the few turns that followers have, as [`Following::next`] does.
    pub async fn job(&self) -> Result<Option<Arc<Job>>, JobsError> {
        let _turn = self.manager.inner.followers.acquire().await;
        Ok(self.manager.inner.store.job(&self.organisation, self.id).await?)
    }

    /// Waits for further events. `None`: the job has ended and the follower has all its events, or the job is gone, or
    /// the server is stopping. Where the job is run again after its end, a later call gives its further events.
    pub async fn next(&mut self) -> Result<Option<Vec<JobEvent>>, JobsError> {
        let Self { manager, organisation, id, after, watch } = self;
        loop {
            let changed = watch.until_changed();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let found = {
                // Thousands may follow one job and are woken together: they must not take all threads that read.
                let _turn = manager.inner.followers.acquire().await;
                manager.inner.store.events(organisation, *id, *after, PORTION).await?
            };
            let Some(found) = found else { return Ok(None) };
            let portion = first_of(found.events);
            if let Some(last) = portion.last() {
                *after = last.id;
                return Ok(Some(portion));
            }
            if found.ended && found.complete {
                return Ok(None);
            }
            tokio::select! {
                () = changed => {}
                () = manager.reached(Phase::Draining) => return Ok(None),
            }
        }
    }
}

/// The first of these events, as many as fit into one portion.
fn first_of(mut events: Vec<JobEvent>) -> Vec<JobEvent> {
    let mut bytes = 0;
    let fits = events.iter().take_while(|event| {
        let goes = bytes == 0 || bytes + text_of(event) <= PORTION_BYTES;
        bytes += text_of(event).max(1);
        goes
    });
    let fits = fits.count();
    events.truncate(fits);
    events.shrink_to_fit();
    events
}

fn text_of(event: &JobEvent) -> usize {
    match &event.what {
        Happened::Reported { what: Reported::Log { message, .. }, .. } => message.len(),
        Happened::Reported { what: Reported::Progress(progress), .. } => progress.message.len(),
        Happened::Changed { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use analyte_core::names::{Attempt, TaskName};
    use analyte_core::timestamp::Timestamp;

    use super::*;

    fn line(id: u64, bytes: usize) -> JobEvent {
        let what = Reported::Log { level: "info".into(), message: "x".repeat(bytes) };
        let what = Happened::Reported { task: TaskName::only(), attempt: Attempt(1), what };
        JobEvent { id: EventId(id), at: Timestamp(0), what }
    }

    #[test]
    fn a_portion_is_small_and_never_empty() {
        let portion = |sizes: &[usize]| first_of(sizes.iter().map(|bytes| line(1, *bytes)).collect()).len();
        assert_eq!(portion(&[]), 0);
        assert_eq!(portion(&[0, 0, 10]), 3);
        assert_eq!(portion(&[PORTION_BYTES * 10, 1]), 1);
        assert_eq!(portion(&[1, PORTION_BYTES * 10, 1]), 1);
        assert_eq!(portion(&[PORTION_BYTES / 2; 5]), 2);
    }
}
