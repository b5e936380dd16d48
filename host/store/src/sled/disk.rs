//! The disk that a data directory is on: how much is free, whether it takes anything, and what its errors mean.

use std::error::Error as _;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(test)]
use super::faults::{Faults, Point};
use crate::{Result, StoreError};

/// Written to see whether the disk takes anything; about what opening the store anew writes at least.
const PROBE_BYTES: usize = 64 << 10;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    directory: PathBuf,
    /// Free bytes below which nothing new is accepted.
    pub(super) floor_bytes: u64,
    /// There was less, when somebody looked last.
    below: Arc<AtomicBool>,
    #[cfg(test)]
    pub(super) faults: Faults,
}

impl Disk {
    pub(super) fn of(options: &super::Options) -> Self {
        Self {
            directory: options.path.clone(),
            floor_bytes: options.free_disk_bytes,
            below: Arc::default(),
            #[cfg(test)]
            faults: options.faults.clone(),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn free_bytes(&self) -> Result<u64> {
        #[cfg(test)]
        if let Some(free) = self.faults.free_bytes() {
            return Ok(free);
        }
        fs4::available_space(&self.directory)
            .map_err(|error| io_error("could not ask for the free space".to_owned(), error))
    }

    /// Refuses what is new while there is less than this free.
    pub(super) fn admit(&self, floor_bytes: u64) -> Result<()> {
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
    pub(super) fn refuse(&self, error: StoreError) -> StoreError {
        if !is_full(&error) {
            return error;
        }
        // Not knowing how much is free changes nothing about there being too little.
        StoreError::DiskFull { free_bytes: self.free_bytes().unwrap_or(0), floor_bytes: self.floor_bytes }
    }

    /// Writes something, makes it durable, and removes it.
    pub(super) fn probe(&self) -> Result<()> {
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
    pub(super) fn check(&self, point: Point) -> Result<()> {
        self.faults.check(point).map_err(|error| io_error(format!("could not {point:?}"), error))
    }
}

/// Whether an error means that there is no space left, on the disk or for this user.
pub(super) fn is_full(error: &StoreError) -> bool {
    match error {
        StoreError::Io { source, .. } => {
            matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        }
        StoreError::DiskFull { .. } => true,
        _ => false,
    }
}

/// An error in one line, with its causes.
pub(super) fn in_one_line(error: &StoreError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Some say their cause themselves.
        if !line.ends_with(&next) {
            line.push_str(": ");
            line.push_str(&next);
        }
        cause = error.source();
    }
    line
}

pub(super) fn io_error(doing: String, source: io::Error) -> StoreError {
    StoreError::Io { doing, source }
}

/// What sled says.
pub(super) fn broken(doing: &str, error: sled::Error) -> StoreError {
    let source = match error {
        sled::Error::Io(error) => error,
        other => io::Error::other(other),
    };
    io_error(format!("could not {doing}"), source)
}

/// What the blobs' files say: of the same kind as the system's own error beneath it.
pub(super) fn blob_error(doing: &str, error: object_store::Error) -> StoreError {
    let mut kind = io::ErrorKind::Other;
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            kind = error.kind();
        }
        cause = error.source();
    }
    io_error(format!("could not {doing}"), io::Error::new(kind, error))
}
