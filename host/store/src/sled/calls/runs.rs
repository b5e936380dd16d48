//! Runs: large contents are written before the committer's turn.

use std::sync::Arc;

use analyte_core::job::event::RunEvent;
use analyte_core::job::transition::Released;
use analyte_core::names::RunKey;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;

use crate::sled::disk::errors::is_full;
use crate::sled::operations::{claim, finish, heartbeat, keep_run_events, release};
use crate::sled::store::SledStore;
use crate::{Changed, Claims, Finished, Heartbeat, Result, Room, Runs};

#[async_trait]
impl Runs for SledStore {
    async fn claim(&self, node: &str, room: Room, _lease_until: Timestamp, now: Timestamp) -> Result<Claims> {
        let node: Arc<str> = node.into();
        self.committer.apply(move |state| claim::claim(state, &node, &room, now)).await
    }

    async fn heartbeat(
        &self,
        node: &str,
        leases: Vec<RunKey>,
        _lease_until: Timestamp,
        _now: Timestamp,
    ) -> Result<Heartbeat> {
        let node = node.to_owned();
        self.committer.commit(move |state| Ok(heartbeat::heartbeat(state, &node, leases))).await
    }

    async fn finish(&self, finished: Vec<Finished>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
        let mut prepared = Vec::with_capacity(finished.len());
        for finished in finished {
            let mut staged = finish::prepare(&self.blobs, finished.clone()).await;
            if staged.as_ref().is_err_and(is_full) && self.ballast.spend() {
                staged = finish::prepare(&self.blobs, finished).await;
            }
            prepared.push(staged?);
        }
        self.committer.commit(move |state| finish::finish(state, prepared, now)).await
    }

    async fn release(&self, runs: Vec<(RunKey, Released)>, now: Timestamp) -> Result<Vec<Option<Changed>>> {
        self.committer.commit(move |state| release::release(state, runs, now)).await
    }

    async fn recover(&self, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64> {
        let node = node.to_owned();
        self.committer.commit(move |state| release::recover(state, &node, most_crashes, now)).await
    }

    async fn keep_run_events(&self, events: Vec<(RunKey, Vec<RunEvent>)>) -> Result<Vec<bool>> {
        self.committer.commit(move |state| keep_run_events::keep_run_events(state, events)).await
    }
}
