//! What may end a run beside its own limits: a moment that it shares with others, and a caller who stops it.
//!
//! A caller stops a run to learn what it has cost until then; a caller who need not know that drops its future.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

/// What may end a run beside its own limits; nothing unless it is set.
#[derive(Debug, Clone, Default)]
pub struct StopConditions {
    /// Its time is over by then, if not before: for a run that is only a part of what `timeout_ms` is for.
    pub deadline: Option<Instant>,
    /// A caller may stop it.
    pub stop: Option<Stop>,
}

/// Stops runs. Clones stop the same ones.
#[derive(Debug, Clone)]
pub struct Stop {
    stopped: Arc<watch::Sender<bool>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { stopped: Arc::new(watch::Sender::new(false)) }
    }
}

impl Stop {
    /// Ends the runs at their next yield, those that have not begun when their turn comes. They fail with `cancelled`; twice is harmless.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits for that.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        // The sender is `self`, so it cannot be gone.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

impl StopConditions {
    /// Waits until a caller stops the run; for ever where none can.
    pub(crate) async fn stopped(&self) {
        match &self.stop {
            Some(stop) => stop.stopped().await,
            None => std::future::pending().await,
        }
    }
}
