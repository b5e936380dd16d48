//! Opens a data directory: checks who wrote it, brings it to this format, and learns by heart what the committer needs.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use rustix::fs::{Advice, fadvise};

use super::blobs::Blobs;
use super::disk::Disk;
use super::envelope::Find;
use super::journal::Journal;
use super::keys;
use super::learn::learn;
use super::make::{make, remove_half_snapshots};
use super::migrate::migrate;
use super::records::Records;
use super::work::{Leases, Work};
use super::{Options, broken, io_error};
use crate::{Result, StoreError};

/// sled lets go of its file a moment after its last handle.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open store.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) work: Work,
    db: sled::Db,
    /// sled's own file: it writes there and never syncs.
    file: File,
    #[cfg(test)]
    pub(super) disk: Disk,
}

impl Opened {
    /// For readers.
    pub(super) fn tree(&self) -> sled::Tree {
        (*self.db).clone()
    }

    /// Hands what was applied to the system: from then on it outlasts this process, if not the machine.
    pub(super) fn hand_over(&self) -> Result<()> {
        self.db.flush().map_err(|error| broken("write to the disk", error)).map(|_| ())
    }

    /// Makes durable what was applied to the tree.
    pub(super) fn make_durable(&self) -> Result<()> {
        #[cfg(test)]
        self.disk.check(super::faults::Point::Sync)?;
        sync(&self.db, &self.file)
    }
}

fn sync(db: &sled::Db, file: &File) -> Result<()> {
    db.flush().map_err(|error| broken("write to the disk", error))?;
    file.sync_data().map_err(|error| io_error("could not sync the store's file".to_owned(), error))
}

/// Makes a directory that only its owner may enter, and makes it last.
pub(super) fn directory(path: &Path) -> Result<()> {
    let doing = || format!("could not make the directory {}", path.display());
    let made = !path.is_dir();
    if made {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| io_error(doing(), error))?;
    }
    // Also where it is there: whoever made it may not have made it last.
    let path = path.canonicalize().map_err(|error| io_error(doing(), error))?;
    match path.parent().map_or(Ok(()), sync_directory) {
        // A folder of somebody else, who made this one for us long ago.
        Err(StoreError::Io { source, .. }) if !made && source.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

pub(super) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_error(format!("could not sync the directory {}", path.display()), error))
}

/// Opens the store for the first time in this process; the directory is locked by the caller.
pub(super) fn first(options: &Options, disk: &Disk) -> Result<Opened> {
    directory(&options.path.join("blobs"))?;
    let blobs = Blobs::open(&options.path.join("blobs"), options.inline_bytes, disk.clone())?;
    open(options, disk, &blobs)
}

/// Opens it anew after a failure.
pub(super) fn again(options: &Options, disk: &Disk, blobs: &Arc<Blobs>) -> Result<Opened> {
    #[cfg(test)]
    disk.check(super::faults::Point::Open)?;
    // After a failed sync the system may believe pages written that are not: what is read next is to come from the disk.
    let file = File::open(options.path.join("store").join("db"));
    if let Err(error) = file.and_then(|file| Ok(fadvise(&file, 0, None, Advice::DontNeed)?)) {
        tracing::warn!(%error, "the system could not be asked to read the store's file anew");
    }
    open(options, disk, blobs)
}

fn open(options: &Options, disk: &Disk, blobs: &Arc<Blobs>) -> Result<Opened> {
    let path = options.path.join("store");
    make(&path, options, disk)?;
    let db = database(&path, options.cache_bytes, disk)?;
    let file =
        File::open(path.join("db")).map_err(|error| io_error("could not open the store's file".to_owned(), error))?;
    migrate(&db, || sync(&db, &file))?;
    let records = Records::new((*db).clone());
    let reserved = records.find(keys::LEASES)?.and_then(|bytes| bytes.as_ref().try_into().ok()).map(u64::from_be_bytes);
    let journal = Journal::open(&records)?;
    let work = Work::new(records, Arc::clone(blobs), journal, Leases::from(reserved));
    let mut opened = Opened {
        work,
        db,
        file,
        #[cfg(test)]
        disk: disk.clone(),
    };
    learn(&mut opened.work)?;
    // What was put aside or mended.
    opened.work.apply(&RwLock::default())?;
    opened.make_durable()?;
    sync_directory(&path)?;
    Ok(opened)
}

/// Lets go of sled, which syncs its file and asserts that it can.
pub(super) fn let_go(opened: Option<Opened>) {
    if std::panic::catch_unwind(AssertUnwindSafe(|| drop(opened))).is_err() {
        tracing::error!("the store's engine could not be closed in order");
    }
}

/// Opens sled.
pub(super) fn database(path: &Path, cache_bytes: u64, disk: &Disk) -> Result<sled::Db> {
    remove_half_snapshots(path)?;
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(cache_bytes)
        .mode(sled::Mode::HighThroughput)
        // The committer flushes; sled's own thread would only get in its way.
        .flush_every_ms(None);
    let deadline = Instant::now() + PATIENCE;
    loop {
        // sled asserts where a file is not what it wrote.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| config.open()));
        match opened {
            Ok(Ok(db)) => return Ok(db),
            // The directory's lock is ours, so it can only be an earlier opening of this process.
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("lock") && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(Err(error)) => return Err(broken("open the store", error)),
            // Also where it could not write.
            Err(_) => {
                disk.probe()?;
                return Err(StoreError::Damaged { what: format!("the store in {}", path.display()) });
            }
        }
    }
}
