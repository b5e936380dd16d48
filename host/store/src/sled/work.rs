//! What the committer works on: the records of the tree, and what it knows by heart.
//!
//! Everything but `records` follows from the tree and is rebuilt when the store opens. Operations change both together;
//! when a batch fails, the whole of it is dropped and rebuilt, so an operation need not undo anything. It must only refuse
//! before it writes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Job;
use analyte_core::names::{JobId, Lease, ModelName, Organisation, ProviderKey, ProviderName, RunKey};

use parking_lot::RwLock;

use super::blobs::Blobs;
use super::depths::Depths;
use super::job_record::Start;
use super::journal::Journal;
use super::keys;
use super::queue::Queue;
use super::records::{Records, Shelf};
use super::references::References;
use super::tell::Blocks;
use super::users::Users;
use crate::{Counts, FilesRoom, ModelRecord, OrganisationRecord, ProviderRecord, Result, TokenRecord};

/// Where a job is found.
pub(super) type Place = (Organisation, JobId);

/// Most live jobs that are kept decoded; others are read again when needed.
const WARM: usize = 16_384;
/// Leases are reserved in blocks of so many: one small write now and then.
const LEASE_BLOCK: u64 = 100_000;

/// A lease that was given out.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) run: RunKey,
    /// `None`: before the store was opened.
    pub(super) node: Option<Arc<str>>,
}

/// A provider, sorting by its name before anything else.
pub(super) type Named = (ProviderName, Option<Organisation>);

pub(super) fn named(provider: &ProviderKey) -> Named {
    (provider.name.clone(), provider.organisation.clone())
}

/// Providers, models, organisations and tokens: few, and read all the time. Readers have a copy as of the last batch.
#[derive(Debug, Default, Clone)]
pub(super) struct Catalogue {
    pub(super) providers: BTreeMap<Named, Arc<ProviderRecord>>,
    pub(super) models: BTreeMap<(Named, ModelName), Arc<ModelRecord>>,
    pub(super) organisations: BTreeMap<Organisation, Arc<OrganisationRecord>>,
    pub(super) tokens: BTreeMap<String, Arc<TokenRecord>>,
}

/// Jobs of each organisation, by state.
#[derive(Debug, Default)]
pub(super) struct Counters {
    all: HashMap<Organisation, Counts>,
    /// Differ from what readers have.
    changed: HashSet<Organisation>,
}

impl Counters {
    /// To be changed.
    pub(super) fn of(&mut self, organisation: &Organisation) -> &mut Counts {
        if !self.changed.contains(organisation) {
            self.changed.insert(organisation.clone());
        }
        self.all.entry(organisation.clone()).or_default()
    }

    /// Those that changed since this was asked last.
    pub(super) fn take_changed(&mut self) -> Vec<(Organisation, Counts)> {
        let Self { all, changed } = self;
        let counts = |organisation: Organisation| {
            let counts = all.get(&organisation).copied().unwrap_or_default();
            (organisation, counts)
        };
        changed.drain().map(counts).collect()
    }
}

/// Leases, never given out twice.
#[derive(Debug)]
pub(super) struct Leases {
    next: u64,
    /// Written to the tree: a restart goes on from here.
    reserved: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) records: Records,
    pub(super) blobs: Arc<Blobs>,
    pub(super) journal: Journal,
    pub(super) leases: Leases,
    pub(super) queue: Queue,
    pub(super) counts: Counters,
    pub(super) depths: Depths,
    /// Live jobs, decoded, as they are now.
    warm: HashMap<Place, Arc<Job>>,
    /// Starts since a live job was last written whole.
    pub(super) starts: HashMap<Place, Vec<Start>>,
    pub(super) running: HashMap<Lease, Running>,
    /// What runs of live jobs told since the store was opened.
    pub(super) told: HashMap<Place, Blocks>,
    /// Jobs that the batch at hand changed beside those of which the journal tells.
    pub(super) touched: Vec<Place>,
    /// Organisations whose files the batch at hand changed.
    pub(super) touched_files: Vec<Organisation>,
    /// Live jobs by the providers and models of their tasks.
    pub(super) users: Users,
    /// What each organisation has of files.
    pub(super) files: HashMap<Organisation, FilesRoom>,
    /// How many live jobs name a component or model file.
    pub(super) pinned: HashMap<Digest, usize>,
    pub(super) references: References,
    pub(super) catalogue: Catalogue,
    /// Whether `catalogue` differs from what readers have.
    pub(super) catalogue_changed: bool,
    pub(super) quarantined: u64,
}

impl Work {
    pub(super) fn new(records: Records, blobs: Arc<Blobs>, journal: Journal, leases: Leases) -> Self {
        Self {
            records,
            blobs,
            journal,
            leases,
            queue: Queue::default(),
            counts: Counters::default(),
            depths: Depths::default(),
            warm: HashMap::new(),
            starts: HashMap::new(),
            running: HashMap::new(),
            told: HashMap::new(),
            touched: Vec::new(),
            touched_files: Vec::new(),
            users: Users::default(),
            files: HashMap::new(),
            pinned: HashMap::new(),
            references: References::default(),
            catalogue: Catalogue::default(),
            catalogue_changed: true,
            quarantined: 0,
        }
    }

    /// Hands what was written to sled as one batch.
    pub(super) fn apply(&mut self, readers: &RwLock<Shelf>) -> Result<()> {
        self.journal.write(&mut self.records);
        self.records.apply(readers)
    }

    pub(super) fn warm(&self, place: &Place) -> Option<&Arc<Job>> {
        self.warm.get(place)
    }

    /// Remembers a job as it is now.
    pub(super) fn keep_warm(&mut self, place: Place, job: &Arc<Job>) {
        if job.status.ended() {
            self.told.remove(&place);
            self.warm.remove(&place);
        } else if self.warm.len() < WARM || self.warm.contains_key(&place) {
            self.warm.insert(place, Arc::clone(job));
        }
    }

    pub(super) fn forget(&mut self, place: &Place) {
        self.warm.remove(place);
        self.starts.remove(place);
        self.told.remove(place);
        self.queue.forget_runs(place);
    }

    /// Whether a run goes on under just this lease.
    pub(super) fn is_current(&self, run: &RunKey) -> bool {
        self.running.get(&run.lease).is_some_and(|running| running.run == *run)
    }

    /// A lease that was never given out.
    pub(super) fn lease(&mut self) -> Lease {
        let lease = self.leases.next;
        self.leases.next += 1;
        if lease >= self.leases.reserved {
            self.leases.reserved = lease + LEASE_BLOCK;
            self.records.set(keys::LEASES.to_vec(), self.leases.reserved.to_be_bytes().to_vec());
        }
        Lease(lease)
    }
}

impl Leases {
    /// Goes on after everything that may have been given out.
    pub(super) fn from(reserved: Option<u64>) -> Self {
        let reserved = reserved.unwrap_or(1);
        Self { next: reserved, reserved }
    }
}
