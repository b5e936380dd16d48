//! wasmtime as it is set up here: its settings, its pool of instances, and how compiled code is loaded.

pub(crate) mod config;
pub(crate) mod load_code;
mod pool;
pub(crate) mod pool_limits;
pub(crate) mod pool_places;
pub mod proposals;
pub(crate) mod start;
