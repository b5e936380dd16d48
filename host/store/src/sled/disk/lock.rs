//! One process at a time: a locked file that names its holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::sled::disk::errors::io_error;
use crate::{Result, StoreError};

/// Held as long as the store is open; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    pub(crate) fn take(directory: &Path) -> Result<Self> {
        let path = directory.join("lock");
        let doing = || format!("could not lock {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| io_error(doing(), error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Who it is, is a courtesy: not being able to read it changes nothing.
                let known = file.read_to_string(&mut pid).is_ok() && pid.trim().parse::<u32>().is_ok();
                let holder = if known { format!("process {}", pid.trim()) } else { "another process".to_owned() };
                return Err(StoreError::Locked { path: directory.display().to_string(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(io_error(doing(), error)),
        }
        let named = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .and_then(|()| file.flush());
        named.map_err(|error| io_error(doing(), error))?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file does the same; a failure here leaves nothing to be done.
        let _ = self.0.unlock();
    }
}
