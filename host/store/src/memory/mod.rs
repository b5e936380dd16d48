//! A store in memory only, for tests: plain maps behind one lock.
//!
//! It keeps every promise of [`Store`](crate::Store) but durability: what it has is gone with its last handle. It has
//! no indexes and looks at every job instead, so that it stays simple enough to be right by reading it; some thousands
//! of jobs are as many as it is made for.

mod access;
mod catalogue;
mod claim;
mod contents;
mod data;
mod deliveries;
mod documents;
mod files;
mod jobs;
mod keep_run_events;
mod listing;
mod runs;
mod schedules;
mod upkeep;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::{Result, StoreError};
use data::Data;

/// A handle of a store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
    closed: AtomicBool,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle of the same data as a process has it that begins anew: the runs that go on are of no known node.
    #[must_use]
    pub fn reopen(&self) -> Self {
        self.data.lock().nodes.clear();
        Self { data: Arc::clone(&self.data), closed: AtomicBool::new(false) }
    }

    /// The data, for one call.
    fn lock(&self) -> Result<MutexGuard<'_, Data>> {
        if self.closed.load(Ordering::SeqCst) { Err(StoreError::Closed) } else { Ok(self.data.lock()) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;

    use analyte_core::names::Organisation;
    use analyte_core::timestamp::Timestamp;

    use super::MemoryStore;
    use crate::{Jobs, Store, StoreError, Submitted, Upkeep, conformance};

    #[test]
    fn it_does_what_every_store_must_do() {
        conformance::run(64, 60, || {
            let last = RefCell::new(MemoryStore::new());
            async move || {
                let store = last.borrow().reopen();
                let again = store.reopen();
                last.replace(again);
                Arc::new(store) as Arc<dyn Store>
            }
        });
    }

    #[test]
    #[should_panic(expected = "step")]
    fn a_store_that_forgets_is_found_out() {
        conformance::run(64, 60, || async || Arc::new(MemoryStore::new()) as Arc<dyn Store>);
    }

    #[tokio::test]
    async fn a_closed_handle_answers_nothing_more_and_a_new_one_goes_on() {
        let now = Timestamp(1_770_000_000_000);
        let store = MemoryStore::new();
        let new = conformance::new_job("default", 1, now, 10).unwrap();
        let id = new.job.id;
        assert_eq!(store.submit(vec![new], now).await.unwrap(), [Submitted::New]);
        store.close().await.unwrap();
        assert!(matches!(store.health().await, Err(StoreError::Closed)));
        assert!(matches!(store.job(&Organisation::default_one(), id).await, Err(StoreError::Closed)));
        let again = store.reopen();
        assert!(again.job(&Organisation::default_one(), id).await.unwrap().is_some());
    }
}
