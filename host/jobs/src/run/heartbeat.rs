//! Keeps the leases of running tasks, and stops those that were lost.
//!
//! The store takes a lease that is not prolonged in time for lost, and gives its task to another run; from then on the
//! run here could write nothing any more, so it is stopped.

use std::time::Duration;

use crate::manager::Manager;

/// Prolongs leases until the manager is gone.
pub(crate) async fn beat(manager: Manager) {
    // Two beats may fail before a lease is lost.
    let every = (manager.inner.lease / 3).max(Duration::from_millis(10));
    loop {
        tokio::time::sleep(every).await;
        let leases = manager.inner.active_runs.keys();
        if leases.is_empty() {
            continue;
        }
        let now = manager.now();
        let until = now.plus_ms(u64::try_from(manager.inner.lease.as_millis()).unwrap_or(u64::MAX));
        match manager.inner.store.heartbeat(&manager.inner.node, leases, until, now).await {
            Ok(heartbeat) => {
                for run in heartbeat.lost.iter().chain(&heartbeat.cancel_requested) {
                    tracing::info!(job = %run.key.job, task = %run.key.task, "a run is no longer wanted here");
                    manager.inner.active_runs.stop_run(run);
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "leases could not be prolonged");
            }
        }
    }
}
