//! What an operator may want to watch of a store.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Counts what a store does; clones count together. It is shown only where it is registered.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Operations of each batch.
    pub(crate) commit_operations: Histogram,
    /// Bytes that each batch wrote.
    pub(crate) commit_bytes: Histogram,
    /// From the first operation of a batch until it is durable.
    pub(crate) commit_seconds: Histogram,
    /// Of that, the sync of the file.
    pub(crate) sync_seconds: Histogram,
    /// Batches that failed.
    pub(crate) commit_failures: Counter,
    /// Records that lie aside.
    pub(crate) records_quarantined: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            commit_operations: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            commit_bytes: Histogram::new(exponential_buckets(256.0, 4.0, 9)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            sync_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            commit_failures: Counter::default(),
            records_quarantined: Counter::default(),
        }
    }
}

impl Metrics {
    /// This many records lie aside now. The number falls when an operator takes them away; what is counted does not.
    pub(crate) fn quarantined(&self, records: u64) {
        self.records_quarantined.inc_by(records.saturating_sub(self.records_quarantined.get()));
    }

    /// Enters them in a registry, as `analyte_store_…`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("analyte_store");
        let operations = Unit::Other("operations".to_owned());
        registry.register_with_unit(
            "commit",
            "Operations that were made durable together",
            operations,
            self.commit_operations.clone(),
        );
        registry.register_with_unit("commit", "Bytes written by one commit", Unit::Bytes, self.commit_bytes.clone());
        registry.register_with_unit(
            "commit",
            "Time from the first operation of a commit until all of it was durable",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        registry.register_with_unit(
            "sync",
            "Time to write a commit out and sync the file",
            Unit::Seconds,
            self.sync_seconds.clone(),
        );
        registry.register(
            "commit_failures",
            "Commits that failed; the store was opened anew after each",
            self.commit_failures.clone(),
        );
        registry.register(
            "records_quarantined",
            "Records that could not be read and lie aside, those from before the start included",
            self.records_quarantined.clone(),
        );
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use analyte_core::timestamp::Timestamp;

    use super::*;
    use crate::conformance::new_job;
    use crate::sled::{Options, SledStore};
    use crate::{Jobs, Upkeep};

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_store_does_is_counted() {
        let directory = tempfile::TempDir::new().unwrap();
        let options = Options::new(directory.path());
        let mut registry = Registry::default();
        options.metrics.register(&mut registry);
        let store = SledStore::open(options).unwrap();
        let now = Timestamp(1_770_000_000_000);
        store.submit(vec![new_job("default", 1, now, 10).unwrap()], now).await.unwrap();
        // Writes nothing.
        store.health().await.unwrap();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "# UNIT analyte_store_commit_operations operations",
            "analyte_store_commit_operations_sum 1.0",
            "analyte_store_commit_operations_count 1",
            "analyte_store_commit_bytes_count 1",
            "analyte_store_commit_seconds_count 1",
            "analyte_store_sync_seconds_count 1",
            "analyte_store_commit_failures_total 0",
            "analyte_store_records_quarantined_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
