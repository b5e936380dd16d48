//! What the errors of the disk, of sled and of the blobs' files mean, as errors of the store.

use std::error::Error as _;
use std::io;

use crate::StoreError;

/// Whether an error means that there is no space left, on the disk or for this user.
pub(crate) fn is_full(error: &StoreError) -> bool {
    match error {
        StoreError::Io { source, .. } => {
            matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        }
        StoreError::DiskFull { .. } => true,
        _ => false,
    }
}

/// An error in one line, with its causes.
pub(crate) fn in_one_line(error: &StoreError) -> String {
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

pub(crate) fn io_error(doing: String, source: io::Error) -> StoreError {
    StoreError::Io { doing, source }
}

/// What sled says.
pub(crate) fn broken(doing: &str, error: sled::Error) -> StoreError {
    let source = match error {
        sled::Error::Io(error) => error,
        other => io::Error::other(other),
    };
    io_error(format!("could not {doing}"), source)
}

/// What the blobs' files say: of the same kind as the system's own error beneath it.
pub(crate) fn blob_error(doing: &str, error: object_store::Error) -> StoreError {
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
