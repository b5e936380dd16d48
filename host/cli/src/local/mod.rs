//! What commands do with plugins on this machine, without a server: build them, and run them in the sandbox.

pub(crate) mod build;
pub(crate) mod sandbox;
pub(crate) mod sink;
