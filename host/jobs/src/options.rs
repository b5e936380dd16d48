//! What a manager is started with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use analyte_core::limits::Limits;
use analyte_core::names::ProviderKey;
use analyte_core::timestamp::Timestamp;
use analyte_engine::Engine;
use analyte_engine::request::Grants;
use analyte_outgoing::Client;
use analyte_store::Store;

use crate::end::retention::Retention;
use crate::metrics::Metrics;

/// Says what time it is. The store reads no clock, so all times in records come from here.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Before 1970 the clock is wrong anyway; 0 keeps times in order.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// What a manager is started with.
pub struct Options {
    /// Keeps everything; the manager closes it when it stops.
    pub store: Arc<dyn Store>,
    /// Runs everything.
    pub engine: Engine,
    /// The limits of everything.
    pub limits: Arc<Limits>,
    /// What the operator allows, by provider.
    pub grants: BTreeMap<ProviderKey, Arc<Grants>>,
    /// For all times in records.
    pub clock: Arc<dyn Clock>,
    /// Name of this node, the same after a restart; holds the leases.
    pub node: String,
    /// How long a lease lasts without a heartbeat. A node that is silent for longer is taken for lost.
    pub lease: Duration,
    /// Counts what the manager does.
    pub metrics: Metrics,
    /// Sends notifications; `None`: no job may ask for any.
    pub outgoing: Option<Client>,
    /// How long ended jobs are kept.
    pub retention: Retention,
    /// How long `execute` waits for a free slot before it is refused as busy.
    pub execute_wait: Duration,
    /// Whether nobody else uses the engine's folder for compiled code, so that what nothing here needs is removed from it.
    pub owns_code: bool,
}

impl Options {
    /// The usual settings over this store and this engine.
    pub fn new(store: Arc<dyn Store>, engine: Engine) -> Self {
        let limits = engine.limits().clone();
        Self {
            store,
            engine,
            limits,
            grants: BTreeMap::new(),
            clock: Arc::new(SystemClock),
            node: "main".to_owned(),
            lease: Duration::from_secs(30),
            metrics: Metrics::default(),
            outgoing: None,
            retention: Retention::default(),
            execute_wait: Duration::from_secs(10),
            owns_code: false,
        }
    }
}
