//! How records lie in the tree.

pub(crate) mod document_record;
pub(crate) mod envelope;
pub(crate) mod file_record;
pub(crate) mod idempotency;
pub(crate) mod inline_contents;
pub(crate) mod job_record;
pub(crate) mod journal_block;
pub(crate) mod keys;
pub(crate) mod outbox_record;
pub(crate) mod references;
pub(crate) mod run_event_block;
pub(crate) mod schedule_record;
