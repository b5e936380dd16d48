//! The state of a manager at this moment, for an operator's dashboards and alarms.

use analyte_core::timestamp::Timestamp;
use analyte_store::{Depth, Health};

use crate::manager::Manager;
use crate::metrics::Metrics;

/// The state of things at this moment.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What waits and runs, by organisation and provider.
    pub depths: Vec<Depth>,
    /// Tasks that run, stored or not.
    pub running: usize,
    /// How many may.
    pub slots: usize,
    /// Bytes of the memory budget that are reserved.
    pub memory_reserved: u64,
    /// The whole budget.
    pub memory_capacity: u64,
    /// Of the store; `None` where it does not answer.
    pub health: Option<Health>,
    /// When this was.
    pub now: Timestamp,
}

impl Manager {
    /// Looks at everything that is worth an alarm. Never fails: what the store does not answer is left out.
    pub async fn measure(&self) -> Measured {
        let (running, slots) = self.running();
        let budget = self.inner.engine.budget();
        let unknown = |error: &analyte_store::StoreError| {
            tracing::debug!(%error, "the store cannot be measured");
        };
        Measured {
            depths: self.inner.store.depths().await.inspect_err(unknown).unwrap_or_default(),
            running,
            slots,
            memory_reserved: budget.reserved(),
            memory_capacity: budget.capacity(),
            health: self.inner.store.health().await.inspect_err(unknown).ok(),
            now: self.now(),
        }
    }

    /// What counts what this manager does.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }
}
