//! Stopping: no new work, a grace period for what runs, the rest back to the queue.

use std::time::Duration;

use analyte_core::job::transition::Released;

use crate::end::phase::Phase;
use crate::error::JobsError;
use crate::manager::Manager;

impl Manager {
    /// Begins to stop: from here on the manager takes and starts nothing new, and answers the callers that wait for the
    /// end of a job. What runs goes on; [`Manager::stop`] does the rest.
    pub fn drain(&self) {
        self.advance(Phase::Draining);
    }

    /// Stops: takes nothing new, lets running tasks go on for `grace` at most, puts the rest back into the queue without
    /// costing them a try, and closes the store. Returns when all of that is done; later calls are refused as `busy`.
    pub async fn stop(&self, grace: Duration) -> Result<(), JobsError> {
        let inner = &self.inner;
        self.drain();
        // What is being claimed at this moment is either running or given back once the dispatcher has ended.
        let dispatcher = inner.dispatcher.lock().take();
        if let Some(dispatcher) = dispatcher
            && let Err(error) = dispatcher.await
        {
            tracing::error!(%error, "the dispatcher ended badly");
        }
        tokio::select! {
            () = inner.active_runs.empty() => {}
            () = tokio::time::sleep(grace) => {}
            // `Manager::hurry` was called.
            () = self.reached(Phase::Stopping) => {}
        }
        self.advance(Phase::Stopping);
        // Now, since the store takes what a run reported only while the run's lease holds.
        crate::run::flush_events::keep(self).await;
        // A run that was stopped writes nothing any more; one that is writing its outcome goes on to do so.
        let stopped = inner.active_runs.stop_all();
        inner.active_runs.empty().await;
        if !stopped.is_empty() {
            tracing::info!(tasks = stopped.len(), "running tasks go back to the queue");
            let released = stopped.into_iter().map(|run| (run, Released::Drained)).collect();
            inner.store.release(released, self.now()).await?;
        }
        drop(inner.pool.clear());
        crate::access::tokens::uses::keep(self).await;
        let mut background = std::mem::take(&mut *inner.background.lock());
        background.shutdown().await;
        Ok(inner.store.close().await?)
    }

    /// Ends the grace period now, whether a [`Manager::stop`] is under way or yet to come; calls that run something are
    /// answered `busy`.
    pub fn hurry(&self) {
        self.advance(Phase::Stopping);
    }

    /// Waits until the end is at least this far.
    pub(crate) async fn reached(&self, wanted: Phase) {
        let mut phase = self.inner.phase.subscribe();
        // The sender lives as long as the manager; were it gone, this would be the end all the same.
        let _ = phase.wait_for(|phase| *phase >= wanted).await;
    }

    fn advance(&self, to: Phase) {
        self.inner.phase.send_if_modified(|phase| {
            let later = *phase < to;
            if later {
                *phase = to;
            }
            later
        });
    }
}
