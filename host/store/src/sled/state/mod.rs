//! What the committer works on: the records of the tree, and what it has in memory of them.
//!
//! Everything but `records` follows from the tree and is rebuilt when the store opens. Operations change both together;
//! when a batch fails, the whole of it is dropped and rebuilt, so an operation need not undo anything. It must only
//! refuse before it writes.

pub(crate) mod counters;
pub(crate) mod depths;
pub(crate) mod jobs_by_provider;
pub(crate) mod journal;
pub(crate) mod leases;
pub(crate) mod queue;
pub(crate) mod ranked;
pub(crate) mod ready;
pub(crate) mod records;
pub(crate) mod references;
pub(crate) mod registry;
pub(crate) mod run_event_blocks;
pub(crate) mod snapshot;
pub(crate) mod unconfirmed;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::names::{Lease, Organisation, RunKey};
use parking_lot::RwLock;

use crate::deliveries::pending::Pending;
use crate::sled::disk::blobs::Blobs;
use crate::sled::format::job_record::Since;
use crate::sled::format::keys::Place;
use crate::sled::state::counters::Counters;
use crate::sled::state::depths::Depths;
use crate::sled::state::jobs_by_provider::JobsByProvider;
use crate::sled::state::journal::Journal;
use crate::sled::state::leases::Leases;
use crate::sled::state::queue::Queue;
use crate::sled::state::records::Records;
use crate::sled::state::references::References;
use crate::sled::state::registry::Registry;
use crate::sled::state::run_event_blocks::RunEventBlocks;
use crate::sled::state::snapshot::Snapshot;
use crate::sled::state::unconfirmed::Unconfirmed;
use crate::{DocumentsRoom, FilesRoom, Result};

/// Most live jobs that are kept decoded; others are read again when needed.
const WARM: usize = 16_384;

/// A lease that was given out.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) run: RunKey,
    /// `None`: before the store was opened.
    pub(crate) node: Option<Arc<str>>,
}

/// All that the committer works on.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) records: Records,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) journal: Journal,
    pub(crate) leases: Leases,
    pub(crate) queue: Queue,
    pub(crate) counts: Counters,
    pub(crate) depths: Depths,
    /// Live jobs, decoded, as they are now.
    warm: HashMap<Place, Arc<Job>>,
    /// What happened to a live job since it was last written whole; jobs to which nothing did are not here.
    pub(crate) since: HashMap<Place, Since>,
    pub(crate) running: HashMap<Lease, Running>,
    /// What runs of live jobs reported since the store was opened.
    pub(crate) run_events: HashMap<Place, RunEventBlocks>,
    /// Jobs that the batch at hand changed beside those of which the journal tells.
    pub(crate) touched: Vec<Place>,
    /// Organisations whose files the batch at hand changed.
    pub(crate) touched_files: Vec<Organisation>,
    /// Organisations whose documents the batch at hand changed.
    pub(crate) touched_documents: Vec<Organisation>,
    /// Organisations whose schedules the batch at hand changed.
    pub(crate) touched_schedules: Vec<Organisation>,
    /// How many schedules each organisation has.
    pub(crate) schedules: HashMap<Organisation, u64>,
    /// Notifications that wait to be delivered.
    pub(crate) pending: Pending,
    /// Organisations of which another number waits than readers know of.
    pub(crate) pending_changed: HashMap<Organisation, u64>,
    /// Live jobs by the providers and models of their tasks.
    pub(crate) jobs_by_provider: JobsByProvider,
    /// What each organisation has of files.
    pub(crate) files: HashMap<Organisation, FilesRoom>,
    /// What each organisation has of documents.
    pub(crate) documents: HashMap<Organisation, DocumentsRoom>,
    /// How many live jobs of each organisation name a component or model file.
    pub(crate) pinned: HashMap<Digest, BTreeMap<Organisation, usize>>,
    pub(crate) references: References,
    pub(crate) registry: Registry,
    /// Whether `registry` differs from what readers have.
    pub(crate) registry_changed: bool,
    pub(crate) quarantined: u64,
}

impl State {
    pub(crate) fn new(records: Records, blobs: Arc<Blobs>, journal: Journal, leases: Leases) -> Self {
        Self {
            records,
            blobs,
            journal,
            leases,
            queue: Queue::default(),
            counts: Counters::default(),
            depths: Depths::default(),
            warm: HashMap::new(),
            since: HashMap::new(),
            running: HashMap::new(),
            run_events: HashMap::new(),
            touched: Vec::new(),
            touched_files: Vec::new(),
            touched_documents: Vec::new(),
            touched_schedules: Vec::new(),
            schedules: HashMap::new(),
            pending: Pending::default(),
            pending_changed: HashMap::new(),
            jobs_by_provider: JobsByProvider::default(),
            files: HashMap::new(),
            documents: HashMap::new(),
            pinned: HashMap::new(),
            references: References::default(),
            registry: Registry::default(),
            registry_changed: true,
            quarantined: 0,
        }
    }

    /// Hands what was written to sled as one batch.
    pub(crate) fn apply(&mut self, readers: &RwLock<Snapshot>) -> Result<()> {
        self.journal.write(&mut self.records);
        self.records.apply(readers)
    }

    pub(crate) fn warm(&self, place: &Place) -> Option<&Arc<Job>> {
        self.warm.get(place)
    }

    /// Remembers a job as it is now.
    pub(crate) fn keep_warm(&mut self, place: Place, job: &Arc<Job>) {
        if job.status.ended() {
            self.run_events.remove(&place);
            self.warm.remove(&place);
        } else if self.warm.len() < WARM || self.warm.contains_key(&place) {
            self.warm.insert(place, Arc::clone(job));
        }
    }

    pub(crate) fn forget(&mut self, place: &Place) {
        self.warm.remove(place);
        self.since.remove(place);
        self.run_events.remove(place);
        self.queue.forget_runs(place);
    }

    /// Whether a run goes on under just this lease.
    pub(crate) fn is_current(&self, run: &RunKey) -> bool {
        self.running.get(&run.lease).is_some_and(|running| running.run == *run)
    }

    /// A lease that was never given out.
    pub(crate) fn lease(&mut self) -> Lease {
        self.leases.next(&mut self.records)
    }

    /// What the batch at hand may have changed, should it fail after it was handed to sled.
    pub(crate) fn unconfirmed(&self) -> Unconfirmed {
        let jobs = self.journal.batch().map(|change| (change.organisation.clone(), change.job));
        Unconfirmed::new(
            jobs.chain(self.touched.iter().cloned()),
            self.touched_files.iter().cloned(),
            self.touched_documents.iter().cloned(),
            self.touched_schedules.iter().cloned(),
            self.registry_changed,
        )
    }
}
