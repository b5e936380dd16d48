//! The store of a single node, on sled 0.34.7.
//!
//! ```text
//! SledStore ──operations──▶ committer (one thread) ──▶ sled's tree ──▶ fdatasync ──▶ answers
//!     │                                                    ▲
//!     └── reads: under the shelf's lock, answered when what they saw is durable
//! ```
//!
//! How it fails: an operation that is answered with an error of the disk may have been kept all the same, since a failed
//! sync tells nothing; the store is then opened anew. A record that cannot be read is put aside and counted, and its key
//! is missing from then on. A process that dies loses nothing that was answered; whatever else it had begun is complete
//! or absent, never half there.
//!
//! While nothing can be written, what is known to be durable can still be read; the disk is tried out with every further
//! operation, and work goes on when it takes something again.
//!
//! Layout of the data directory: `lock`, `ballast`, `store/` (sled), `blobs/` (files named by their digest), the directories
//! made with mode 0700.

mod apply;
mod ballast;
mod blobs;
mod cancel;
mod claim;
mod committer;
mod content;
mod contents;
mod depths;
mod disk;
mod doubt;
mod envelope;
mod events;
#[cfg(test)]
mod faults;
mod files;
mod finish;
mod heartbeat;
mod job_record;
mod journal;
mod keys;
mod known;
mod lanes;
mod learn;
mod list;
mod lock;
mod make;
mod migrate;
mod models;
mod open;
mod operation;
mod organisations;
mod places;
mod plan;
mod providers;
mod purge;
mod quarantine;
mod queue;
mod ranked;
mod reader;
mod ready;
mod records;
mod references;
mod release;
mod retire;
mod save;
mod search;
mod shared;
mod sorted;
mod store;
mod submit;
mod tell;
mod tokens;
mod unfinished;
mod users;
mod walk;
mod within;
mod work;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod list_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

pub(crate) use blobs::Pin;

use crate::{Metrics, Result};
use ballast::Ballast;
use blobs::Blobs;
use committer::{Committer, Shared};
use disk::{Disk, broken, io_error};
use lock::Lock;

/// How to open a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The data directory; made if there is none.
    pub path: PathBuf,
    /// Free bytes below which nothing new is accepted.
    pub free_disk_bytes: u64,
    /// Contents up to this size are kept in the tree, larger ones as files.
    pub inline_bytes: usize,
    /// Memory that sled may use to keep pages at hand.
    pub cache_bytes: u64,
    /// Counts what the store does.
    pub metrics: Metrics,
    /// Space taken up so that there is some to be freed when the disk is full.
    pub ballast_bytes: u64,
    #[cfg(test)]
    faults: faults::Faults,
}

impl Options {
    /// With the defaults of the list of limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            free_disk_bytes: analyte_core::limits::Limits::default().free_disk_bytes,
            inline_bytes: 48 << 10,
            cache_bytes: 128 << 20,
            metrics: Metrics::default(),
            ballast_bytes: 16 << 20,
            #[cfg(test)]
            faults: faults::Faults::default(),
        }
    }
}

/// What an open store holds; let go of in this order.
#[derive(Debug)]
struct Held {
    thread: JoinHandle<()>,
    lock: Lock,
}

/// See the module. Dropping it does what [`Store::close`](crate::Store::close) does, and waits for the thread.
#[derive(Debug)]
pub struct SledStore {
    committer: Committer,
    shared: Arc<Shared>,
    blobs: Arc<Blobs>,
    disk: Disk,
    ballast: Arc<Ballast>,
    /// Taken by whoever closes.
    open: Arc<Mutex<Option<Held>>>,
}

impl SledStore {
    /// Opens a data directory, or makes one. Waits for the disk: not for a runtime's thread.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process (or this one) has it open, [`StoreError::NewerFormat`] where a later
    /// version wrote it, [`StoreError::Damaged`] where sled cannot read it at all.
    pub fn open(options: Options) -> Result<Self> {
        open::directory(&options.path)?;
        let lock = Lock::take(&options.path)?;
        let disk = Disk::of(&options);
        let ballast = Arc::new(Ballast::new(disk.clone(), options.ballast_bytes));
        let opened = open::first(&options, &disk)?;
        ballast.make();
        let blobs = Arc::clone(&opened.work.blobs);
        let (committer, shared, thread) = committer::start(options, opened, disk.clone(), Arc::clone(&ballast))?;
        blobs.look_with(committer.clone());
        let open = Arc::new(Mutex::new(Some(Held { thread, lock })));
        Ok(Self { committer, shared, blobs, disk, ballast, open })
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        shut(&self.committer, &self.open);
    }
}

/// Has the thread end and waits for it; then lets go of the directory.
fn shut(committer: &Committer, open: &Mutex<Option<Held>>) {
    let Some(Held { thread, lock }) = open.lock().take() else { return };
    committer.close();
    // It catches what could panic; if it did all the same, there is nothing left to wait for.
    let _ = thread.join();
    drop(lock);
}
