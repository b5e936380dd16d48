//! A file that takes up space for one purpose: to be removed when the disk is full.
//!
//! What is kept free is kept free of *new* jobs only, and others fill disks, too. When a commit meets a full disk all
//! the same, this file goes, and what runs can still be completed. It is made again when there is room for it beside
//! what is kept free; the store looks at that when it is asked for its health, never on the way of an operation.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use fs4::FileExt;
use parking_lot::Mutex;

use crate::sled::disk::space::Disk;

/// The file, and when it may be made.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    bytes: u64,
    disk: Disk,
    /// One at a time: to make it takes a while.
    turn: Mutex<()>,
}

impl Ballast {
    pub(crate) fn new(disk: Disk, bytes: u64) -> Self {
        Self { path: disk.directory().join("ballast"), bytes, disk, turn: Mutex::default() }
    }

    /// Makes it where it is not there, and there is room. That it cannot be made stops nothing.
    pub(crate) fn make(&self) {
        let _turn = self.turn.lock();
        let room = self.disk.floor_bytes.saturating_add(self.bytes);
        if self.is_there() || self.bytes == 0 || !self.disk.free_bytes().is_ok_and(|free| free >= room) {
            return;
        }
        if let Err(error) = self.fill() {
            tracing::warn!(%error, "the ballast could not be made");
            // Half of one would take up space and be of little help.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// Removes it; `false`: there was none.
    pub(crate) fn spend(&self) -> bool {
        let _turn = self.turn.lock();
        match std::fs::remove_file(&self.path) {
            Ok(()) => {
                tracing::error!(
                    bytes = self.bytes,
                    "the disk is full: the ballast was removed, so that running jobs can be completed"
                );
                true
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                tracing::error!(%error, "the disk is full, and the ballast could not be removed");
                false
            }
        }
    }

    fn is_there(&self) -> bool {
        // Its blocks, not its length: a file may be long and take up nothing.
        std::fs::metadata(&self.path).is_ok_and(|file| file.blocks().saturating_mul(512) >= self.bytes)
    }

    fn fill(&self) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&self.path)?;
        match file.allocate(self.bytes) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.write(&mut file)?,
            other => other?,
        }
        file.sync_all()
    }

    /// Where the file system cannot set blocks aside.
    fn write(&self, file: &mut File) -> io::Result<()> {
        let piece = vec![0; 1 << 20];
        let mut left = self.bytes;
        while left > 0 {
            let now = piece.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(&piece);
            file.write_all(now)?;
            left = left.saturating_sub(now.len() as u64);
        }
        Ok(())
    }
}
