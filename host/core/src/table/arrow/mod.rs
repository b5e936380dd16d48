//! Arrow IPC streams, and the conversion of Arrow's types to those that tables have.

pub(crate) mod convert;
mod frames;
mod meta;
pub(crate) mod read;
pub(crate) mod write;
