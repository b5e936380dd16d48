//! The manager itself: what its parts share, and what it is asked about itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::limits::Limits;
use analyte_core::names::{Organisation, ProviderKey};
use analyte_core::shares::Lack;
use analyte_core::timestamp::Timestamp;
use analyte_engine::Engine;
use analyte_engine::machine::budget::Reservation;
use analyte_engine::request::Grants;
use analyte_outgoing::Client;
use analyte_store::Store;
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard, RwLock, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;
use uuid::timestamp::context::ContextV7;

use crate::access::organisations::Organisations;
use crate::access::tokens::Tokens;
use crate::catalogue::components::Components;
use crate::catalogue::installed::Catalogue;
use crate::catalogue::schemas::Schemas;
use crate::computing::Computing;
use crate::end::phase::Phase;
use crate::end::retention::Retention;
use crate::error::JobsError;
use crate::intake::keys::Keys;
use crate::metrics::Metrics;
use crate::options::Clock;
use crate::run::active_runs::ActiveRuns;
use crate::run::held_up::{HOLDS_ITS_SHARE, NO_MEMORY, Seen};
use crate::run::outcomes::Finisher;
use crate::run::sessions::{Needed, Pool, Sessions};
use crate::run::slots::Slots;
use crate::run::split::Splitting;
use crate::schedule::timetable::Timetable;
use crate::shares::Shares;
use crate::view::watchers::Watchers;

/// The job manager. Clones share everything.
///
/// Call [`Manager::stop`] before the process ends; without it, what runs is found and put back by the next start.
#[derive(Clone)]
pub struct Manager {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engine: Engine,
    pub(crate) limits: Arc<Limits>,
    pub(crate) grants: std::collections::BTreeMap<ProviderKey, Arc<Grants>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) node: String,
    pub(crate) lease: Duration,
    pub(crate) execute_wait: Duration,
    pub(crate) catalogue: Catalogue,
    pub(crate) components: Components,
    /// Compiled schemas of parameters.
    pub(crate) schemas: Schemas,
    /// Model files that were read whole since the start, and are what they should be.
    pub(crate) checked_files: Mutex<HashSet<Digest>>,
    pub(crate) organisations: Organisations,
    pub(crate) sessions: Sessions,
    /// Warm instances of sessions.
    pub(crate) pool: Pool,
    pub(crate) tokens: Tokens,
    pub(crate) making_tokens: AsyncMutex<()>,
    /// Changes of one provider, one at a time.
    pub(crate) changing: Turns,
    /// Components are compiled and files inspected one at a time for each organisation, so that none fills the line.
    pub(crate) preparing: Shares,
    /// Runs that are not stored: an organisation's leave one of its places to its jobs, where it has several.
    pub(crate) executes: Shares,
    /// Places for long computations.
    pub(crate) computing: Computing,
    /// Held shared while a job is submitted, exclusively while store and catalogue change together: a job can neither
    /// pin a component that is just being replaced nor slip in behind a removal's count of unfinished jobs.
    pub(crate) gate: Arc<RwLock<()>>,
    /// Held by the dispatcher while it claims and starts tasks; also by a run that looks for slots for its parts, and
    /// by a removal while it ends jobs, so that no task starts then.
    pub(crate) claiming: AsyncMutex<()>,
    pub(crate) active_runs: Arc<ActiveRuns>,
    /// One for each task that may run, stored or not.
    pub(crate) slots: Slots,
    pub(crate) splitting: Splitting,
    /// There may be something to claim.
    pub(crate) wake: Notify,
    /// When each schedule fires next.
    pub(crate) timetable: Timetable,
    pub(crate) finisher: Finisher,
    pub(crate) watchers: Arc<Watchers>,
    /// One permit for each follower that reads at the same time.
    pub(crate) followers: Semaphore,
    pub(crate) keys: Arc<Keys>,
    pub(crate) metrics: Metrics,
    /// Sends notifications; `None`: no job may ask for any.
    pub(crate) outgoing: Option<Client>,
    /// There may be a notification to send.
    pub(crate) notify: Notify,
    pub(crate) retention: Retention,
    /// Whose queued tasks wait, and for what.
    pub(crate) held_up: Seen,
    pub(crate) phase: watch::Sender<Phase>,
    pub(crate) ids: Mutex<ContextV7>,
    pub(crate) dispatcher: Mutex<Option<JoinHandle<()>>>,
    /// Heartbeat, finisher, retention, loading: ended by `stop`.
    pub(crate) background: Mutex<JoinSet<()>>,
}

impl Manager {
    /// Whether every installed component has been made ready, or found to be unusable.
    pub fn ready(&self) -> bool {
        self.inner.components.settled() && *self.inner.phase.borrow() == Phase::Working
    }

    /// The limits of everything.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.inner.limits
    }

    /// Reserves memory for something large that a surface is about to hold for an organisation, such as a request body; `busy`
    /// where there is no room now, or the organisation holds its share. All surfaces of an organisation together hold at
    /// most [`Manager::surface_memory`].
    pub fn reserve_memory(&self, organisation: &Organisation, bytes: u64) -> Result<Reservation, JobsError> {
        self.reserve_memory_of(Some(organisation), bytes)
    }

    /// The same where what is held may belong to all (`None`).
    pub(crate) fn reserve_memory_of(
        &self,
        organisation: Option<&Organisation>,
        bytes: u64,
    ) -> Result<Reservation, JobsError> {
        let budget = self.inner.engine.budget();
        let reserved = budget.try_reserve(organisation, bytes).or_else(|_| {
            // Where room is made by this, it is made in a moment; this call may still be too early.
            self.end_idle_instance(Needed::Memory);
            budget.try_reserve(organisation, bytes)
        });
        reserved.map_err(|lack| match lack {
            Lack::Share => JobsError::quota(HOLDS_ITS_SHARE, Duration::from_secs(1)),
            Lack::Memory => JobsError::busy(NO_MEMORY, Duration::from_secs(1)),
        })
    }

    /// Says again how organisations share the memory: all of it is for the one, where there is only one.
    pub(crate) fn share_memory(&self) {
        self.inner.engine.budget().share(self.percent_of_one());
    }

    /// How many percent of what is shared one organisation may hold while no other holds anything.
    pub(crate) fn percent_of_one(&self) -> u64 {
        if self.inner.organisations.are_several() { self.inner.limits.organisation_memory_percent } else { 100 }
    }

    /// The most that the surfaces of one organisation may hold of the memory budget, in bytes.
    pub fn surface_memory(&self) -> u64 {
        self.inner.engine.budget().surface_capacity()
    }

    /// How many tasks run now, parts of one counted each, and how many of one organisation may.
    pub fn running(&self) -> (usize, usize) {
        (self.inner.slots.taken(), self.inner.slots.most_of_one())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// A new id; ids that were made later sort later.
    pub(crate) fn new_id(&self) -> Uuid {
        let ms = u64::try_from(self.now().0).unwrap_or(0);
        let nanos = u32::try_from(ms % 1_000).unwrap_or(0) * 1_000_000;
        let context = self.inner.ids.lock();
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, ms / 1_000, nanos))
    }

    /// What the operator grants this provider.
    pub(crate) fn grants(&self, provider: &ProviderKey) -> Arc<Grants> {
        self.inner.grants.get(provider).cloned().unwrap_or_default()
    }

    pub(crate) fn refuse_while_stopping(&self) -> Result<(), JobsError> {
        match *self.inner.phase.borrow() {
            Phase::Working => Ok(()),
            Phase::Draining | Phase::Stopping => Err(JobsError::stopping()),
        }
    }

    #[expect(clippy::unused_self, reason = "reads like its neighbours where it is called")]
    pub(crate) fn refuse_large(&self, what: &str, bytes: u64, key: &str, most: u64) -> Result<(), JobsError> {
        if bytes <= most {
            return Ok(());
        }
        Err(JobsError::new(Code::TooLarge, format!("the {what} has {bytes} bytes; {most} are allowed (limit {key})")))
    }
}

/// Lets changes of one provider happen one at a time, first come first served.
#[derive(Default)]
pub(crate) struct Turns {
    by_key: Mutex<HashMap<ProviderKey, Arc<AsyncMutex<()>>>>,
}

impl Turns {
    /// Waits until it is one's turn; dropping the answer ends it.
    pub(crate) async fn turn(&self, key: &ProviderKey) -> OwnedMutexGuard<()> {
        let lock = {
            let mut by_key = self.by_key.lock();
            // Nobody holds or awaits those that only the map still knows.
            by_key.retain(|_, lock| Arc::strong_count(lock) > 1);
            by_key.entry(key.clone()).or_default().clone()
        };
        lock.lock_owned().await
    }
}
