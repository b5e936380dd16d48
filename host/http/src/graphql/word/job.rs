//! Words for jobs.

use analyte_core::job::Status;
use async_graphql::Enum;

/// The states by which jobs are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum JobStatusFilter {
    Pending,
    Complete,
    Running,
    Cancelled,
    Queued,
    Failed,
}

impl JobStatusFilter {
    /// The state in which such jobs are; `None`: no job is ever.
    pub(crate) fn status(self) -> Option<Status> {
        match self {
            Self::Pending => Some(Status::Queued),
            Self::Complete => Some(Status::Completed),
            Self::Running => Some(Status::Running),
            Self::Cancelled => Some(Status::Cancelled),
            Self::Queued => None,
            Self::Failed => Some(Status::Failed),
        }
    }
}

/// The only state to which jobs are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum UpdateJobsStatus {
    Queued,
}
