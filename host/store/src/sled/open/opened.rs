//! Opens a data directory: checks who wrote it, brings it to this format, and rebuilds what the committer has in
//! memory.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use parking_lot::RwLock;
use rustix::fs::{Advice, fadvise};

use crate::Result;
use crate::sled::disk::blobs::Blobs;
use crate::sled::disk::directory::{make_directory, sync_directory};
use crate::sled::disk::errors::{broken, io_error};
use crate::sled::disk::space::Disk;
use crate::sled::format::envelope::Find;
use crate::sled::format::keys;
use crate::sled::open::create::create;
use crate::sled::open::database::database;
use crate::sled::open::migrate::migrate;
use crate::sled::open::rebuild::rebuild;
use crate::sled::options::Options;
use crate::sled::state::State;
use crate::sled::state::journal::Journal;
use crate::sled::state::leases::Leases;
use crate::sled::state::records::Records;

/// An open store.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) state: State,
    db: sled::Db,
    /// sled's own file: it writes there and never syncs.
    file: File,
    #[cfg(test)]
    pub(crate) disk: Disk,
}

impl Opened {
    /// For readers.
    pub(crate) fn tree(&self) -> sled::Tree {
        (*self.db).clone()
    }

    /// Hands what was applied to the system: from then on it outlasts this process, if not the machine.
    pub(crate) fn hand_over(&self) -> Result<()> {
        self.db.flush().map_err(|error| broken("write to the disk", error)).map(|_| ())
    }

    /// Makes durable what was applied to the tree.
    pub(crate) fn make_durable(&self) -> Result<()> {
        #[cfg(test)]
        self.disk.check(crate::sled::disk::faults::Point::Sync)?;
        sync(&self.db, &self.file)
    }
}

fn sync(db: &sled::Db, file: &File) -> Result<()> {
    db.flush().map_err(|error| broken("write to the disk", error))?;
    file.sync_data().map_err(|error| io_error("could not sync the store's file".to_owned(), error))
}

/// Opens the store for the first time in this process; the directory is locked by the caller.
pub(crate) fn first(options: &Options, disk: &Disk) -> Result<Opened> {
    make_directory(&options.path.join("blobs"))?;
    let blobs = Blobs::open(&options.path.join("blobs"), options.inline_bytes, disk.clone())?;
    open(options, disk, &blobs)
}

/// Opens it anew after a failure.
pub(crate) fn again(options: &Options, disk: &Disk, blobs: &Arc<Blobs>) -> Result<Opened> {
    #[cfg(test)]
    disk.check(crate::sled::disk::faults::Point::Open)?;
    // After a failed sync the system may believe pages written that are not: what is read next is to come from the
    // disk.
    let file = File::open(options.path.join("store").join("db"));
    if let Err(error) = file.and_then(|file| Ok(fadvise(&file, 0, None, Advice::DontNeed)?)) {
        tracing::warn!(%error, "the system could not be asked to read the store's file anew");
    }
    open(options, disk, blobs)
}

fn open(options: &Options, disk: &Disk, blobs: &Arc<Blobs>) -> Result<Opened> {
    let path = options.path.join("store");
    create(&path, options, disk)?;
    let db = database(&path, options.cache_bytes, disk)?;
    let file =
        File::open(path.join("db")).map_err(|error| io_error("could not open the store's file".to_owned(), error))?;
    migrate(&db, || sync(&db, &file))?;
    let records = Records::new((*db).clone());
    let reserved = records.find(keys::LEASES)?.and_then(|bytes| bytes.as_ref().try_into().ok()).map(u64::from_be_bytes);
    let journal = Journal::open(&records)?;
    let state = State::new(records, Arc::clone(blobs), journal, Leases::from(reserved));
    let mut opened = Opened {
        state,
        db,
        file,
        #[cfg(test)]
        disk: disk.clone(),
    };
    rebuild(&mut opened.state)?;
    // What was put aside or mended.
    opened.state.apply(&RwLock::default())?;
    opened.make_durable()?;
    sync_directory(&path)?;
    Ok(opened)
}

/// Lets go of sled, which syncs its file and asserts that it can.
pub(crate) fn let_go(opened: Option<Opened>) {
    if std::panic::catch_unwind(AssertUnwindSafe(|| drop(opened))).is_err() {
        tracing::error!("the store's engine could not be closed in order");
    }
}
