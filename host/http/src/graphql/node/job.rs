//! A job.

use std::sync::Arc;

use analyte_core::job;

/// A job.
pub(crate) struct Job(pub(crate) Arc<job::Job>);
