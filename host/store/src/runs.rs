//! What nodes are given, and what they give back.

use std::collections::HashSet;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::event::Told;
use analyte_core::job::{Job, Progress, Usage};
use analyte_core::names::{FileName, RunKey};
use analyte_core::timestamp::Timestamp;

use crate::NewContent;

/// What a node has room for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Most tasks that can begin at once.
    pub tasks: usize,
    /// Most further tasks that begin when others have ended: those only whose turn it is next, whose component is `quick`,
    /// that belong to no session, and that fit into what the tasks before them leave of the memory.
    pub ahead: usize,
    /// Components whose runs are so short that waiting for some of them costs less than claiming them one by one.
    pub quick: Arc<HashSet<Digest>>,
    /// Bytes of memory that the tasks may take together; a task takes its memory limit and `extra_bytes`.
    pub memory_bytes: u64,
    /// Taken by each task beside its memory limit.
    pub extra_bytes: u64,
    /// All the memory that there is when nothing runs: a task that would take more takes just this.
    pub whole_bytes: u64,
}

impl Room {
    /// For so many tasks, whatever memory they take, and none ahead.
    pub fn of(tasks: usize) -> Self {
        let memory = u64::MAX;
        Self { tasks, ahead: 0, quick: Arc::default(), memory_bytes: memory, extra_bytes: 0, whole_bytes: memory }
    }
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
    /// At most as many as asked for: lowest priority number first, then oldest, taking turns between organisations.
    pub claimed: Vec<Claimed>,
    /// When the next task that waits for its time is due.
    pub next_due: Option<Timestamp>,
    /// The task whose turn it was did not fit into the memory. It keeps its turn, so that small tasks cannot hold a
    /// large one up for ever: nothing more was claimed.
    pub lacks_memory: bool,
}

/// Which of a node's leases still hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// No longer valid: stop these runs and write nothing.
    pub lost: Vec<RunKey>,
    /// Somebody asked to stop these. A store that ends the lease with the cancel says `lost` instead.
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
    /// What the run told since the last [`Store::tell`](crate::Store::tell); kept in the same step.
    pub told: Vec<Told>,
    /// What the client should know.
    pub warnings: Vec<String>,
}
