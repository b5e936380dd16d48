//! The contract between host and components, as `wit/` has it.

pub(crate) mod bindings;
