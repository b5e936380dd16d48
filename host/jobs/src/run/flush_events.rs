//! Keeps what runs report while they run, so that followers see it and a restart does not forget it.
//!
//! What all runs report within 50 ms goes to the store in one step. What a run reports last is kept with its outcome.

use std::time::Duration;

use analyte_core::job::event::RunEvent;
use analyte_core::names::RunKey;

use crate::end::phase::Phase;
use crate::manager::Manager;
use crate::run::active_runs::ActiveRun;

/// How long reports wait for further ones before they are kept: long enough that a chatty run costs few writes, short
/// enough that a user who watches does not notice.
const GATHER: Duration = Duration::from_millis(50);
/// After the store has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps what runs report, until the manager is gone.
pub(crate) async fn keep_reported(manager: Manager) {
    loop {
        manager.inner.active_runs.reported().await;
        tokio::select! {
            () = tokio::time::sleep(GATHER) => {}
            () = manager.reached(Phase::Stopping) => {}
        }
        if !keep(&manager).await {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Keeps all that runs have reported so far; `false` where the store failed, and it is still to be kept.
pub(crate) async fn keep(manager: &Manager) -> bool {
    // No run takes its last words away while these are on their way: they would overtake them.
    let _turn = manager.inner.active_runs.keeping.lock().await;
    let (runs, run_events): (Vec<_>, Vec<_>) = manager.inner.active_runs.take_run_events().into_iter().unzip();
    if runs.is_empty() {
        return true;
    }
    let keys = runs.iter().map(|run| run.run.clone());
    let items: Vec<(RunKey, Vec<RunEvent>)> = keys.zip(run_events).collect();
    // A copy for the case that the store fails; there is little of it.
    match manager.inner.store.keep_run_events(items.clone()).await {
        // Followers miss nothing of stale runs: their job went on without them.
        Ok(_) => {
            for run in &runs {
                manager.inner.watchers.changed(run.run.key.job);
            }
            true
        }
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what runs reported could not be kept; trying again"
            );
            for (run, (_, run_events)) in runs.iter().zip(items) {
                run.put_back(run_events);
            }
            manager.inner.active_runs.ring();
            false
        }
    }
}

impl Manager {
    /// What a run has reported and is not kept yet, to be kept with its outcome.
    pub(crate) async fn last_words(&self, run: &ActiveRun) -> Vec<RunEvent> {
        if !run.has_reported() {
            return Vec::new();
        }
        let _turn = self.inner.active_runs.keeping.lock().await;
        run.take_run_events()
    }
}
