//! From a component's bytes to compiled code: one at a time, in a limited child process, kept on disk.

pub(crate) mod cache;
pub mod compiler;
mod prepare;
pub(crate) mod queue;
