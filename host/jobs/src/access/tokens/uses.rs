//! Remembers when tokens were used last: in memory at once, in the store every while, so that no request writes.

use std::time::Duration;

use crate::manager::Manager;

/// How often what is new is kept.
const EVERY: Duration = Duration::from_secs(30);

/// Keeps what is new until the manager is gone.
pub(crate) async fn keep_uses(manager: Manager) {
    loop {
        tokio::time::sleep(EVERY).await;
        keep(&manager).await;
    }
}

/// Keeps what is new. What could not be kept is tried again the next time.
pub(crate) async fn keep(manager: &Manager) {
    let used = manager.inner.tokens.new_uses();
    if used.is_empty() {
        return;
    }
    match manager.inner.store.tokens_used(used.clone()).await {
        Ok(()) => manager.inner.tokens.uses_kept(&used),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "when tokens were used last could not be kept");
        }
    }
}
