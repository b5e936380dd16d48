//! Writes what the operations have in common.

pub(crate) mod catalogue_record;
pub(crate) mod load;
pub(crate) mod outbox;
pub(crate) mod ownership;
pub(crate) mod quarantine;
pub(crate) mod write_job;
