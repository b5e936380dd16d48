//! Runs: what nodes are given, and what they give back.

pub(crate) mod left;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::event::RunEvent;
use analyte_core::job::transition::Released;
use analyte_core::job::{Job, Progress, Usage};
use analyte_core::names::{FileName, Organisation, RunKey};
use analyte_core::shares::Shares;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;

use crate::contents::NewContent;
use crate::error::Result;
use crate::jobs::Changed;

/// Tasks that nodes run. A write of a run that is no longer current is answered as stale and changes nothing.
#[async_trait]
pub trait Runs: Send + Sync + 'static {
    /// Tasks that may start now and for which there is room, each under a new lease. Of the jobs of one session (of one
    /// organisation, on one provider) at most one runs at a time, in the order of the queue; those that wait for it
    /// keep nothing else from starting. Nor does a task that does not fit into what its organisation may have: others
    /// of its organisation wait behind it, and those of other organisations start. The answer may come before it is
    /// durable: a start that is lost leaves its task queued, and its lease means nothing any more.
    async fn claim(&self, node: &str, room: Room, lease_until: Timestamp, now: Timestamp) -> Result<Claims>;

    /// Prolongs leases, and says which of them no longer hold.
    async fn heartbeat(
        &self,
        node: &str,
        leases: Vec<RunKey>,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Heartbeat>;

    /// Keeps what runs gave, and ends them; one answer each, in order; `None`: the run was stale, and nothing was kept.
    async fn finish(&self, finished: Vec<Finished>, now: Timestamp) -> Result<Vec<Option<Changed>>>;

    /// Gives runs back to the queue; one answer each, in order; `None`: the run was stale.
    async fn release(&self, runs: Vec<(RunKey, Released)>, now: Timestamp) -> Result<Vec<Option<Changed>>>;

    /// Puts the tasks that were running on a lost node (or, on a store of one node, at the last crash) back into the
    /// queue, and says how many.
    async fn recover(&self, node: &str, most_crashes: u32, now: Timestamp) -> Result<u64>;

    /// Keeps progress and log lines that runs reported; one answer each, in order; `false`: the run was stale, and
    /// nothing was kept.
    async fn keep_run_events(&self, events: Vec<(RunKey, Vec<RunEvent>)>) -> Result<Vec<bool>>;
}

/// What a node has room for. Plain data, which any store can decide by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Most tasks that can begin at once, of all organisations together.
    pub tasks: usize,
    /// The most that one organisation runs at once, with what it runs already.
    pub most_of_one: usize,
    /// How many each organisation runs already; one that is not here runs none.
    pub running: BTreeMap<Organisation, usize>,
    /// Most further tasks of one organisation that begin when others of it have ended: only where a task of it begins
    /// at once, and only those whose turn it is next, whose component is `quick`, that belong to no session, and that
    /// fit into what the tasks before them leave of the memory.
    pub ahead: usize,
    /// Components whose runs are so short, where they are of this organisation, that waiting for some of them costs less than
    /// claiming them one by one.
    pub quick: Arc<HashSet<(Organisation, Digest)>>,
    /// The memory, and how it is shared; a task takes its memory limit and `extra_bytes`, but never more than the
    /// largest run may take.
    pub memory: Shares,
    /// Taken by each task beside its memory limit, in bytes.
    pub extra_bytes: u64,
}

impl Room {
    /// For this number of tasks, whatever memory they take and whose they are, and none ahead.
    pub fn of(tasks: usize) -> Self {
        Self {
            tasks,
            most_of_one: usize::MAX,
            running: BTreeMap::new(),
            ahead: 0,
            quick: Arc::default(),
            memory: Shares::new(u64::MAX, 0, 100),
            extra_bytes: 0,
        }
    }

    /// What a task with this memory limit takes, in bytes.
    pub fn needs(&self, memory_bytes: u64) -> u64 {
        memory_bytes.saturating_add(self.extra_bytes).min(self.memory.largest_run())
    }
}

/// Why the next task of an organisation was not claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldUp {
    /// Its organisation runs as many tasks as one may.
    Tasks,
    /// Its organisation holds its share of the memory.
    Share {
        /// What the task takes.
        bytes: u64,
    },
    /// Too little memory is free.
    Memory {
        /// What the task takes.
        bytes: u64,
    },
}

/// A task given to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Under which attempt and lease.
    pub run: RunKey,
    /// Its job, started.
    pub job: Arc<Job>,
}

/// Tasks given to a node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claims {
    /// In the order in which they begin: the organisation that runs the fewest first, those that run as many taking
    /// turns; within an organisation lowest priority number first, then oldest.
    pub claimed: Vec<Claimed>,
    /// When the next task that waits for its time is due.
    pub next_due: Option<Timestamp>,
    /// Organisations whose next task has to wait. It keeps its turn among those of its organisation, so that small
    /// tasks cannot hold a large one up for ever, and others go on.
    pub held_up: BTreeMap<Organisation, HeldUp>,
    /// As many begin as may, or many organisations are held up; tasks of further organisations were not looked at.
    pub more: bool,
}

/// Which of a node's leases still hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// No longer valid: stop these runs and write nothing.
    pub lost: Vec<RunKey>,
    /// A client asked to stop these. A store that ends the lease with the cancel says `lost` instead.
    pub cancel_requested: Vec<RunKey>,
}

/// A result file to be kept.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Unique within the run.
    pub name: FileName,
    /// As the component said.
    pub media_type: String,
    /// Its bytes.
    pub content: NewContent,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With a table and files.
    Completed {
        /// An Arrow stream.
        result: NewContent,
        /// Result files.
        files: Vec<NewFile>,
    },
    /// With a failure.
    Failed {
        /// Why.
        failure: Failure,
        /// From 0 to 1, random.
        jitter: f64,
    },
}

/// A run that ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which run.
    pub run: RunKey,
    /// How.
    pub outcome: Outcome,
    /// What it cost.
    pub usage: Usage,
    /// Its last progress.
    pub progress: Option<Progress>,
    /// NDJSON lines.
    pub log: Option<NewContent>,
    /// What the run reported since the last [`Runs::keep_run_events`]; kept in the same step.
    pub run_events: Vec<RunEvent>,
    /// What the client should know.
    pub warnings: Vec<String>,
}
