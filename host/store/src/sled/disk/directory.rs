//! Directories that only their owner may enter, and that outlast a crash of the machine.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::sled::disk::errors::io_error;
use crate::{Result, StoreError};

/// Makes a directory that only its owner may enter, and makes it last.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    let doing = || format!("could not make the directory {}", path.display());
    let made = !path.is_dir();
    if made {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| io_error(doing(), error))?;
    }
    // Also where it is there: the process that made it may have died before it synced the parent.
    let path = path.canonicalize().map_err(|error| io_error(doing(), error))?;
    match path.parent().map_or(Ok(()), sync_directory) {
        // The parent belongs to another user, who made this directory for us before.
        Err(StoreError::Io { source, .. }) if !made && source.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_error(format!("could not sync the directory {}", path.display()), error))
}
