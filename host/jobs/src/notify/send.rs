//! Sends notifications that are due, until the manager begins to stop.
//!
//! What is being sent is known here alone: after a crash it is due again, and goes out a second time under the same id. A
//! try that cannot be remembered at once stays among what is being sent until it can, so that it is not made again meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::names::Organisation;
use analyte_store::{Due, DueDelivery, NoticeKey, SendRoom, Sending, Tried};
use tokio::task::{Id, JoinError, JoinSet};

use crate::end::phase::Phase;
use crate::manager::Manager;

/// It looks at the clock at least this often, which may be set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is being sent.
#[derive(Default)]
struct Sender {
    sending: Arc<Sending>,
    tries: JoinSet<Tried>,
    /// Which delivery a task tries, so that it is known also of one that panicked.
    of_task: BTreeMap<Id, Arc<DueDelivery>>,
    /// Made, and not remembered yet.
    made: Vec<Tried>,
    /// Whose turn it was last.
    after: Option<Organisation>,
}

/// Sends what is due.
pub(crate) async fn send(manager: Manager) {
    let mut sender = Sender::default();
    let mut pause = FIRST_PAUSE;
    while *manager.inner.phase.borrow() == Phase::Working {
        let sleep = match sender.round(&manager).await {
            Ok(sleep) => {
                pause = FIRST_PAUSE;
                sleep
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "notifications have to wait for the store");
                let sleep = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                sleep
            }
        };
        tokio::select! {
            () = manager.reached(Phase::Draining) => {}
            // While the store fails, nothing new is asked of it.
            () = manager.inner.notify.notified(), if pause == FIRST_PAUSE => {}
            Some(ended) = sender.tries.join_next_with_id(), if !sender.tries.is_empty() => sender.ended(ended),
            () = tokio::time::sleep(sleep) => {}
        }
    }
    // What is under way comes to its end, as long as the process lets it.
    while let Some(ended) = sender.tries.join_next_with_id().await {
        sender.ended(ended);
        if let Err(error) = sender.remember(&manager).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a notification that was sent will be sent again");
        }
    }
}

impl Sender {
    /// Remembers what was tried, and begins what is due. Says for how long nothing will be due.
    async fn round(&mut self, manager: &Manager) -> Result<Duration, analyte_store::StoreError> {
        while let Some(ended) = self.tries.try_join_next_with_id() {
            self.ended(ended);
        }
        self.remember(manager).await?;
        let most = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        let limits = &manager.inner.limits;
        let room = SendRoom {
            sending: Arc::clone(&self.sending),
            most: most(limits.webhook_sends_of_all),
            most_of_one: most(limits.webhook_sends),
            most_to_one: most(limits.webhook_sends_to_one),
            horizon_ms: limits.webhook_pause_ms_max.saturating_mul(2),
            after: self.after.clone(),
        };
        let now = manager.now();
        let Due { deliveries, next } = manager.inner.store.due(room, now).await?;
        for due in deliveries {
            self.begin(manager, due);
        }
        Ok(next.map_or(LONGEST_SLEEP, |next| Duration::from_millis(next.ms_since(manager.now())).min(LONGEST_SLEEP)))
    }

    fn begin(&mut self, manager: &Manager, due: DueDelivery) {
        let of = due.job.organisation.clone();
        let key = NoticeKey { job: due.job.id, id: due.delivery.id };
        let sending = Arc::make_mut(&mut self.sending).entry(of.clone()).or_default();
        sending.entry(due.destination.clone()).or_default().insert(key);
        self.after = Some(of);
        let remembered = Arc::new(due.clone());
        let task = self.tries.spawn(manager.clone().try_delivery(due));
        self.of_task.insert(task.id(), remembered);
    }

    /// A try has ended.
    fn ended(&mut self, ended: Result<(Id, Tried), JoinError>) {
        match ended {
            Ok((id, tried)) => {
                self.of_task.remove(&id);
                self.made.push(tried);
            }
            Err(error) => {
                // It is due still, and is tried again.
                tracing::error!(%error, "a try of a notification ended badly");
                if let Some(due) = self.of_task.remove(&error.id()) {
                    self.done(&due.job.organisation, &NoticeKey { job: due.job.id, id: due.delivery.id });
                }
            }
        }
    }

    async fn remember(&mut self, manager: &Manager) -> Result<(), analyte_store::StoreError> {
        if self.made.is_empty() {
            return Ok(());
        }
        // Where the job has gone meanwhile there is nothing to remember.
        manager.inner.store.tried(self.made.clone()).await?;
        for Tried { organisation, job, attempted } in std::mem::take(&mut self.made) {
            self.done(&organisation, &NoticeKey { job, id: attempted.id });
        }
        Ok(())
    }

    fn done(&mut self, organisation: &Organisation, key: &NoticeKey) {
        let sending = Arc::make_mut(&mut self.sending);
        let Some(of_one) = sending.get_mut(organisation) else { return };
        of_one.retain(|_, keys| {
            keys.remove(key);
            !keys.is_empty()
        });
        if of_one.is_empty() {
            sending.remove(organisation);
        }
    }
}
