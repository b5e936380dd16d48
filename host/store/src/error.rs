//! How a store can fail.

use std::io;

/// Answer of every call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a call could not be carried out. Nothing of it was kept, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk could not be read or written. What was to be kept may have been kept all the same: a failed sync does
    /// not tell.
    #[error("the store's disk failed: {doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is too little free space to accept anything new.
    #[error("there is too little free disk space: {free_bytes} bytes, and {floor_bytes} are kept free")]
    DiskFull {
        /// Free now.
        free_bytes: u64,
        /// Kept free.
        floor_bytes: u64,
    },
    /// Another process has the data directory.
    #[error("the data directory {path} is in use by {holder}")]
    Locked {
        /// Which directory.
        path: String,
        /// Which process, as far as known.
        holder: String,
    },
    /// A newer version of Analyte wrote the store.
    #[error(
        "the data directory was written by a newer version of Analyte ({writer}, in format {found}); this one is {}, which \
         reads formats up to {known}: start that version, or a later one, or choose another data directory",
        env!("CARGO_PKG_VERSION")
    )]
    NewerFormat {
        /// The version that wrote it, where it says so.
        writer: String,
        /// Format found.
        found: u32,
        /// Highest format known.
        known: u32,
    },
    /// A record or blob is damaged.
    #[error("{what} is damaged")]
    Damaged {
        /// What was being read.
        what: String,
    },
    /// Bytes that a record names are not there.
    #[error("the content {0} is missing")]
    Missing(String),
    /// Other calls look for as much at this moment as may be looked for at once.
    #[error("too many long lists are being made at this moment")]
    Busy,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}
