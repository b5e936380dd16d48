//! How a manager starts: what was running is put back, the catalogue is read, and what works beside calls begins.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::names::ProviderKey;
use analyte_store::ModelRecord;
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, Notify, Semaphore, watch};
use uuid::timestamp::context::ContextV7;

use crate::access::organisations::Organisations;
use crate::access::tokens::{self, Tokens};
use crate::catalogue::components::Components;
use crate::catalogue::installed::{Catalogue, Provider};
use crate::catalogue::load;
use crate::catalogue::schemas::Schemas;
use crate::computing::Computing;
use crate::end::phase::Phase;
use crate::end::retire;
use crate::error::StartError;
use crate::manager::{Inner, Manager, Turns};
use crate::notify::send;
use crate::options::Options;
use crate::run::held_up::Seen;
use crate::run::sessions::{self, Pool, Sessions};
use crate::run::slots::Slots;
use crate::run::split::Splitting;
use crate::run::{dispatch, finish, flush_events, heartbeat, outcomes};
use crate::schedule::timer;
use crate::schedule::timetable::Timetable;
use crate::shares::Shares;

/// Most followers of events that read at the same time.
const FOLLOWERS: usize = 8;

impl Manager {
    /// Puts back what was running when the process ended last, reads the catalogue and starts to work.
    ///
    /// Quick: components are made ready afterwards, see [`Manager::ready`]. A record that cannot be used any more is
    /// reported in the log and left out; it never keeps the server from starting.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Options {
            store,
            engine,
            limits,
            grants,
            clock,
            node,
            lease,
            execute_wait,
            metrics,
            outgoing,
            retention,
            owns_code,
        } = options;
        let crashes = u32::try_from(limits.crashes).unwrap_or(u32::MAX);
        let recovered = store.recover(&node, crashes, clock.now()).await?;
        if recovered > 0 {
            tracing::warn!(tasks = recovered, "tasks were running when the server ended last; they are queued again");
        }
        let organisations = Organisations::new(store.organisations().await?);
        let most = places(limits.running_tasks);
        let most_of_one = places_of_one(limits.concurrent_tasks).min(most);
        let splitting = Splitting::new(&limits);
        let schemas = Schemas::new(&limits);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let computing = Computing::new(engine.computing_threads(), cores);
        let (finisher, outcomes) = outcomes::channel();
        let (phase, _) = watch::channel(Phase::Working);
        let manager = Self {
            inner: Arc::new(Inner {
                store,
                engine,
                limits,
                grants,
                clock,
                node,
                lease,
                execute_wait,
                catalogue: Catalogue::default(),
                components: Components::default(),
                schemas,
                checked_files: Mutex::default(),
                organisations,
                sessions: Sessions::default(),
                pool: Pool::default(),
                tokens: Tokens::default(),
                making_tokens: AsyncMutex::default(),
                changing: Turns::default(),
                preparing: Shares::new(1),
                executes: Shares::new(most_of_one.saturating_sub(1)),
                computing,
                gate: Arc::default(),
                claiming: AsyncMutex::default(),
                active_runs: Arc::default(),
                slots: Slots::new(most_of_one, most),
                splitting,
                wake: Notify::new(),
                timetable: Timetable::default(),
                finisher,
                watchers: Arc::default(),
                followers: Semaphore::new(FOLLOWERS),
                keys: Arc::default(),
                metrics,
                outgoing,
                notify: Notify::new(),
                retention,
                held_up: Seen::default(),
                phase,
                ids: Mutex::new(ContextV7::new()),
                dispatcher: Mutex::default(),
                background: Mutex::default(),
            }),
        };
        manager.share_memory();
        manager.read_catalogue().await?;
        manager.read_schedules().await?;
        if owns_code && let Err(error) = manager.inner.engine.keep_code_of_only(manager.installed_components()).await {
            tracing::warn!(%error, "compiled code that nothing needs cannot be removed");
        }
        for record in manager.inner.store.tokens().await? {
            manager.take_up(record);
        }
        *manager.inner.dispatcher.lock() = Some(tokio::spawn(dispatch::dispatch(manager.clone())));
        {
            let mut background = manager.inner.background.lock();
            background.spawn(finish::keep(manager.clone(), outcomes));
            background.spawn(heartbeat::beat(manager.clone()));
            background.spawn(flush_events::keep_reported(manager.clone()));
            background.spawn(retire::retire(manager.clone()));
            background.spawn(sessions::sweep(manager.clone()));
            background.spawn(sessions::make_places(manager.clone()));
            background.spawn(tokens::uses::keep_uses(manager.clone()));
            background.spawn(timer::fire(manager.clone()));
            background.spawn(send::send(manager.clone()));
            background.spawn(load::make_ready(manager.clone()));
        }
        Ok(manager)
    }

    async fn read_catalogue(&self) -> Result<(), StartError> {
        let inner = &self.inner;
        let mut published: HashMap<ProviderKey, Vec<Arc<ModelRecord>>> = HashMap::new();
        for model in inner.store.models().await? {
            published.entry(model.provider_key()).or_default().push(model);
        }
        for record in inner.store.providers().await? {
            let key = record.key();
            let models = published.remove(&key).unwrap_or_default();
            match Provider::assemble(record, models, self.grants(&key)) {
                Ok(provider) => inner.catalogue.put(Arc::new(provider)),
                Err(error) => tracing::error!(provider = %key, %error, "provider left out: its record cannot be used"),
            }
        }
        Ok(())
    }
}

/// 0 stands for twice the cores.
fn places_of_one(configured: u64) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if configured == 0 { cores * 2 } else { places(configured) }
}

fn places(configured: u64) -> usize {
    usize::try_from(configured).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}
