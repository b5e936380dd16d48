//! Wakes the dispatcher where there may be something to claim, and says what holds up an organisation's tasks.

use analyte_core::job::Waiting;
use analyte_core::names::Organisation;
use analyte_store::HeldUp;

use super::held_up::{HOLDS_ITS_SHARE, NO_MEMORY, waits_for_memory};
use crate::manager::Manager;

impl Manager {
    /// A task of this organisation may be there to be claimed. Where the organisation runs all that it may, the dispatcher
    /// waits for a place anyway, and a crowd of submissions need not rouse it each time.
    pub(crate) fn wake_for(&self, organisation: &Organisation) {
        if self.inner.held_up.of(organisation).0 != Some(HeldUp::Tasks) {
            self.inner.wake.notify_one();
        }
    }

    /// A task of this organisation has ended; where it waited for memory, another one may begin instead.
    pub(crate) fn wake_after(&self, organisation: &Organisation) {
        if self.inner.held_up.of(organisation).0.and_then(waits_for_memory).is_some() {
            self.inner.wake.notify_one();
        }
    }

    /// What holds up the tasks of an organisation that wait for nothing else, and which limit says so.
    pub(crate) fn held_up(&self, organisation: &Organisation) -> (Waiting, Option<String>) {
        match self.inner.held_up.of(organisation) {
            (Some(HeldUp::Tasks), _) => (Waiting::Quota, Some(self.runs_all_it_may())),
            (Some(HeldUp::Share { .. }), _) => (Waiting::Quota, Some(HOLDS_ITS_SHARE.to_owned())),
            (Some(HeldUp::Memory { .. }), _) => (Waiting::Memory, Some(NO_MEMORY.to_owned())),
            (None, true) => (Waiting::Capacity, Some(self.all_places_taken())),
            (None, false) => (Waiting::Capacity, None),
        }
    }

    /// That an organisation has used up its places for runs.
    pub(crate) fn runs_all_it_may(&self) -> String {
        let most = self.inner.slots.most_of_one();
        format!("the organisation runs {most} tasks, as many as it may at once (limit concurrent_tasks)")
    }

    /// That all places for runs are taken.
    pub(crate) fn all_places_taken(&self) -> String {
        let most = self.inner.slots.most();
        format!("{most} tasks of all organisations run, as many as may at once (limit running_tasks)")
    }
}
