//! The disk: directories, blobs, free space, and what its errors mean.

pub(crate) mod ballast;
pub(crate) mod blob_writer;
pub(crate) mod blobs;
pub(crate) mod directory;
pub(crate) mod errors;
#[cfg(test)]
pub(crate) mod faults;
pub(crate) mod lock;
pub(crate) mod pins;
pub(crate) mod space;
