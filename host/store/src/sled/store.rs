//! The open store: what its calls work with, and how it is opened and closed.

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use crate::Result;
use crate::sled::committer::handle::Committer;
use crate::sled::committer::service;
use crate::sled::disk::ballast::Ballast;
use crate::sled::disk::blobs::Blobs;
use crate::sled::disk::directory::make_directory;
use crate::sled::disk::lock::Lock;
use crate::sled::disk::space::Disk;
use crate::sled::open::opened;
use crate::sled::options::Options;
use crate::sled::read::reader::Reader;

/// What an open store holds; let go of in this order.
#[derive(Debug)]
pub(crate) struct Held {
    thread: JoinHandle<()>,
    lock: Lock,
}

/// A store in a data directory of this machine. Dropping it does what [`Upkeep::close`](crate::Upkeep::close) does, and
/// waits for the thread.
#[derive(Debug)]
pub struct SledStore {
    pub(crate) committer: Committer,
    pub(crate) reader: Reader,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) disk: Disk,
    pub(crate) ballast: Arc<Ballast>,
    /// Taken by the first call that closes.
    pub(crate) open: Arc<Mutex<Option<Held>>>,
}

impl SledStore {
    /// Opens a data directory, or makes one. Waits for the disk: not for a runtime's thread.
    ///
    /// # Errors
    /// [`Locked`](crate::StoreError::Locked) where another process (or this one) has it open,
    /// [`NewerFormat`](crate::StoreError::NewerFormat) where a later version wrote it,
    /// [`Damaged`](crate::StoreError::Damaged) where sled cannot read it at all.
    pub fn open(options: Options) -> Result<Self> {
        make_directory(&options.path)?;
        let lock = Lock::take(&options.path)?;
        let disk = Disk::of(&options);
        let ballast = Arc::new(Ballast::new(disk.clone(), options.ballast_bytes));
        let opened = opened::first(&options, &disk)?;
        ballast.make();
        let blobs = Arc::clone(&opened.state.blobs);
        let (committer, shared, thread) = service::start(options, opened, disk.clone(), Arc::clone(&ballast))?;
        let handle = committer.clone();
        blobs.pins.when_unpinned(move || handle.remove_unpinned_blobs());
        let reader = Reader::new(shared, committer.clone());
        let open = Arc::new(Mutex::new(Some(Held { thread, lock })));
        Ok(Self { committer, reader, blobs, disk, ballast, open })
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        shut(&self.committer, &self.open);
    }
}

/// Has the thread end and waits for it; then lets go of the directory.
pub(crate) fn shut(committer: &Committer, open: &Mutex<Option<Held>>) {
    let Some(Held { thread, lock }) = open.lock().take() else { return };
    committer.close();
    // It catches what could panic; if it did all the same, there is nothing left to wait for.
    let _ = thread.join();
    drop(lock);
}
