//! Removes what is old: ended jobs after their time, and components that no job needs any more from memory.

use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::installed::Provider;
use crate::manager::Manager;

/// How often it looks.
const EVERY: Duration = Duration::from_mins(10);
/// Jobs removed in one step, so that nobody waits long for the store.
const PORTION: usize = 256;

/// Removes what is old until the manager is gone.
pub(crate) async fn retire(manager: Manager) {
    loop {
        let own = |provider: &Arc<Provider>| Some((provider.key(), provider.record.keep_jobs_hours?));
        let providers = manager.inner.catalogue.snapshot().values().filter_map(own).collect();
        let age = manager.inner.retention.age(manager.now(), manager.inner.limits.retention_hours, providers);
        loop {
            match manager.inner.store.retire(age.clone(), PORTION).await {
                Ok(0) => break,
                Ok(removed) => tracing::debug!(removed, "old jobs removed"),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "old jobs could not be removed");
                    break;
                }
            }
        }
        manager.inner.components.keep_only(&manager.installed_components());
        manager.inner.catalogue.forget_replaced();
        tokio::time::sleep(EVERY).await;
    }
}
