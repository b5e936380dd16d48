//! Following the events of a job, from any of them on.
//!
//! Only what is durable is told, so an event that was seen is there again after a crash, under the same id. Nothing is
//! kept for a follower: each reads from the store at its own pace, and one that does not read costs next to nothing.

use analyte_core::job::event::{EventId, JobEvent};
use analyte_core::names::{JobId, Organisation};

use crate::error::JobsError;
use crate::manager::Manager;
use crate::stop::Phase;
use crate::watchers::Watch;

/// Most events that are read at once.
const PORTION: usize = 256;

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
        // Asked for now, so that a job that does not exist is told before anything is streamed.
        self.job(organisation, id).await?;
        let watch = self.inner.watchers.watch(id);
        Ok(Following { manager: self.clone(), organisation: organisation.clone(), id, after, watch })
    }
}

impl Following {
    /// Waits for further events. `None`: the job has ended, or is gone, and all was told; or the server is stopping.
    /// A job that is run again after its end begins to tell again to whoever asks then.
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
            if let Some(last) = found.events.last() {
                *after = last.id;
                return Ok(Some(found.events));
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
