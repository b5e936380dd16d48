//! Removes what is old: ended jobs after their time, and components that nobody needs any more from memory.

use std::time::Duration;

use crate::manager::Manager;

/// How often it looks.
const EVERY: Duration = Duration::from_mins(10);
/// Jobs removed in one step, so that nobody waits long for the store.
const PORTION: usize = 256;

/// Removes what is old until the manager is gone.
pub(crate) async fn retire(manager: Manager) {
    loop {
        let hours = i64::try_from(manager.inner.limits.retention_hours).unwrap_or(i64::MAX);
        let before =
            analyte_core::timestamp::Timestamp(manager.now().0.saturating_sub(hours.saturating_mul(3_600_000)));
        loop {
            match manager.inner.store.retire(before, PORTION).await {
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
