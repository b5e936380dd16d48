//! Calls about many tasks.

pub(super) mod errors;
pub(super) mod list;
pub(super) mod update_status;
