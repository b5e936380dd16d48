//! The store of a single node, on sled 0.34.7.
//!
//! ```text
//! SledStore ──operations──▶ committer (one thread) ──▶ sled's tree ──▶ fdatasync ──▶ answers
//!     │                                                    ▲
//!     └── reads: under the snapshot's lock, answered when what they saw is durable
//! ```
//!
//! Each folder imports only those above it in this list: `disk` (directories, blobs, free space), `format` (how records
//! lie in the tree), `state` (what is in memory), `write` (what operations have in common), `open` (creating,
//! migrating, rebuilding), `operations` (what the committer carries out), `committer` (the thread), `read` (what is
//! read beside it), `calls` (the parts of the trait).
//!
//! How it fails: an operation that is answered with an error of the disk may have been kept all the same, since a
//! failed sync tells nothing; the store is then opened anew. A record that cannot be read is put aside and counted, and
//! its key is missing from then on. A process that dies loses nothing that was answered; each other operation that it
//! had begun is complete or absent, never half there.
//!
//! While nothing can be written, what is known to be durable can still be read; the disk is tried out with every
//! further operation, and work goes on when it takes something again.
//!
//! Layout of the data directory: `lock`, `ballast`, `store/` (sled), `blobs/` (files named by their digest), the
//! directories made with mode 0700.

mod calls;
mod committer;
mod disk;
mod format;
mod open;
mod operations;
mod options;
mod read;
mod state;
mod store;
mod write;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

pub use options::Options;
pub use store::SledStore;
