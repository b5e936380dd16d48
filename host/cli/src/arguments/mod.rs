//! What several commands take on the command line.

pub(crate) mod duration;
pub(crate) mod pairs;
pub(crate) mod parameters;
pub(crate) mod run_limits;
pub(crate) mod table_input;
pub(crate) mod webhook;
