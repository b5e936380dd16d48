//! What is done to a job that there is: cancel, run again, remove.

pub(crate) mod cancel;
pub(crate) mod cancel_matching;
pub(crate) mod purge;
pub(crate) mod retry;
