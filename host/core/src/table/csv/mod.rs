//! RFC 4180 with a header row.

pub(crate) mod read;
pub(crate) mod write;
