//! Opens a data directory: creates it, brings it to this format, rebuilds what is kept in memory.

pub(crate) mod create;
pub(crate) mod database;
pub(crate) mod migrate;
pub(crate) mod opened;
pub(crate) mod rebuild;
