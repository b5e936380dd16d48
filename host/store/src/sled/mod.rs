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
//! Layout of the data directory: `lock`, `store/` (sled), `blobs/` (files named by their digest), each made with mode 0700.

mod apply;
mod blobs;
mod cancel;
mod claim;
mod committer;
mod content;
mod envelope;
mod finish;
mod heartbeat;
mod job_record;
mod journal;
mod keys;
mod list;
mod lock;
mod models;
mod open;
mod providers;
mod purge;
mod quarantine;
mod queue;
mod reader;
mod records;
mod references;
mod release;
mod save;
mod store;
mod submit;
mod unfinished;
mod work;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

pub(crate) use blobs::Pin;

use crate::{Result, StoreError};
use blobs::Blobs;
use committer::{Committer, Shared};
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
    #[cfg(test)]
    fault: Fault,
}

impl Options {
    /// With the defaults of the list of limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            free_disk_bytes: analyte_core::limits::Limits::default().free_disk_bytes,
            inline_bytes: 48 << 10,
            cache_bytes: 128 << 20,
            #[cfg(test)]
            fault: Fault::default(),
        }
    }
}

/// Lets the next sync fail, as a broken disk would.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
struct Fault(Arc<std::sync::atomic::AtomicBool>);

#[cfg(test)]
impl Fault {
    fn next_sync_fails(&self) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
    fn check(&self) -> Result<()> {
        if self.0.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Err(io_error("could not sync the store's file".to_owned(), io::Error::other("the test says so")));
        }
        Ok(())
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
    directory: PathBuf,
    free_disk_bytes: u64,
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
        let opened = open::first(&options)?;
        let blobs = Arc::clone(&opened.work.blobs);
        let (directory, free_disk_bytes) = (options.path.clone(), options.free_disk_bytes);
        let (committer, shared, thread) = committer::start(options, opened)?;
        blobs.look_with(committer.clone());
        let open = Arc::new(Mutex::new(Some(Held { thread, lock })));
        Ok(Self { committer, shared, blobs, directory, free_disk_bytes, open })
    }

    fn admit(&self, floor_bytes: u64) -> Result<()> {
        admit(&self.directory, floor_bytes)
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

/// Refuses what is new while there is less than this free.
fn admit(directory: &Path, floor_bytes: u64) -> Result<()> {
    let free_bytes = free_bytes(directory)?;
    if free_bytes < floor_bytes {
        return Err(StoreError::DiskFull { free_bytes, floor_bytes });
    }
    Ok(())
}

fn free_bytes(directory: &Path) -> Result<u64> {
    fs4::available_space(directory).map_err(|error| io_error("could not ask for the free space".to_owned(), error))
}

fn io_error(doing: String, source: io::Error) -> StoreError {
    StoreError::Io { doing, source }
}

/// What sled says.
fn broken(doing: &str, error: sled::Error) -> StoreError {
    let source = match error {
        sled::Error::Io(error) => error,
        other => io::Error::other(other),
    };
    io_error(format!("could not {doing}"), source)
}
