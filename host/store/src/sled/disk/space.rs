//! The disk that a data directory is on: how much is free, and whether it takes anything.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sled::disk::errors::{io_error, is_full};
#[cfg(test)]
use crate::sled::disk::faults::{Faults, Point};
use crate::sled::options::Options;
use crate::{Result, StoreError};

/// Written to see whether the disk takes anything; about what opening the store anew writes at least.
const PROBE_BYTES: usize = 64 << 10;

/// The disk of one data directory; clones share what was noticed.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    directory: PathBuf,
    /// Free bytes below which nothing new is accepted.
    pub(crate) floor_bytes: u64,
    /// Whether there was less when it was looked at last.
    below: Arc<AtomicBool>,
    #[cfg(test)]
    pub(crate) faults: Faults,
}

impl Disk {
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            directory: options.path.clone(),
            floor_bytes: options.free_disk_bytes,
            below: Arc::default(),
            #[cfg(test)]
            faults: options.faults.clone(),
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn free_bytes(&self) -> Result<u64> {
        #[cfg(test)]
        if let Some(free) = self.faults.free_bytes() {
            return Ok(free);
        }
        fs4::available_space(&self.directory)
            .map_err(|error| io_error("could not ask for the free space".to_owned(), error))
    }

    /// Refuses what is new while there is less than this free.
    pub(crate) fn admit(&self, floor_bytes: u64) -> Result<()> {
        let free_bytes = self.free_bytes()?;
        if floor_bytes == self.floor_bytes {
            self.note(free_bytes);
        }
        if free_bytes < floor_bytes {
            return Err(StoreError::DiskFull { free_bytes, floor_bytes });
        }
        Ok(())
    }

    /// One line in the log when the floor is crossed, in either direction, rather than one for every refusal.
    fn note(&self, free_bytes: u64) {
        let (floor_bytes, below) = (self.floor_bytes, free_bytes < self.floor_bytes);
        if self.below.swap(below, Ordering::Relaxed) != below {
            if below {
                tracing::warn!(free_bytes, floor_bytes, "the disk is nearly full: nothing new is accepted");
            } else {
                tracing::info!(free_bytes, floor_bytes, "there is room on the disk again");
            }
        }
    }

    /// Something new was not kept: where that is for want of space, says so.
    pub(crate) fn refuse(&self, error: StoreError) -> StoreError {
        if !is_full(&error) {
            return error;
        }
        // Not knowing how much is free changes nothing about there being too little.
        StoreError::DiskFull { free_bytes: self.free_bytes().unwrap_or(0), floor_bytes: self.floor_bytes }
    }

    /// Writes something, makes it durable, and removes it.
    pub(crate) fn probe(&self) -> Result<()> {
        #[cfg(test)]
        self.check(Point::Probe)?;
        let path = self.directory.join("probe");
        let written = OpenOptions::new().write(true).create(true).truncate(true).open(&path).and_then(|mut file| {
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.sync_all()
        });
        // What is left behind is written over by the next one.
        let _ = std::fs::remove_file(&path);
        written.map_err(|error| io_error("the disk takes nothing".to_owned(), error))
    }

    /// Fails where a test wants it to.
    #[cfg(test)]
    pub(crate) fn check(&self, point: Point) -> Result<()> {
        self.faults.check(point).map_err(|error| io_error(format!("could not {point:?}"), error))
    }
}
