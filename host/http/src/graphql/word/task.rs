//! Words for tasks.

use analyte_core::job::Task;
use async_graphql::Enum;

use crate::aiware::status;

/// The state of a job or a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum TaskStatus {
    Pending,
    Running,
    Complete,
    Queued,
    Accepted,
    Failed,
    Cancelled,
    StandbyPending,
    Waiting,
    Resuming,
    Aborted,
    Paused,
}

impl TaskStatus {
    /// The one that has this word; the states that nothing here is ever in have none.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "complete" => Self::Complete,
            "queued" => Self::Queued,
            "failed" => Self::Failed,
            "aborted" => Self::Aborted,
            _ => return None,
        })
    }

    /// Whether a task in this state is meant by it. What was cancelled reads `aborted`, and both words ask for it.
    pub(crate) fn means(self, own: Self) -> bool {
        self == own || (self == Self::Cancelled && own == Self::Aborted)
    }
}

/// Why a task failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum TaskFailureReason {
    InternalError,
    Unknown,
    UrlNotFound,
    UrlNotAllowed,
    UrlTimeout,
    UrlConnectionRefused,
    UrlError,
    InvalidData,
    RateLimited,
    ApiNotAllowed,
    ApiAuthenticationError,
    ApiNotFound,
    ApiError,
    FileWriteError,
    StreamReadError,
    SystemDependencyMissing,
    SystemError,
    HeartbeatTimeout,
    ChunkTimeout,
    Other,
    ExternalError,
}

impl TaskFailureReason {
    /// Why this task failed; `None`: it did not.
    pub(crate) fn of(task: &Task) -> Option<Self> {
        Some(match status::reason(task) {
            "none" => return None,
            "bad_data" => Self::InvalidData,
            "rate_limited" => Self::RateLimited,
            "unauthorized" => Self::ApiNotAllowed,
            "not_found" => Self::SystemDependencyMissing,
            "resources" => Self::SystemError,
            "internal_error" => Self::InternalError,
            "scheduling" => Self::Other,
            _ => Self::Unknown,
        })
    }
}

/// In which pieces a folder holds what is in it: tables are whole in either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "IOFolderMode", rename_items = "snake_case")]
pub(crate) enum IoFolderMode {
    Chunk,
    Stream,
}

/// Whether a task takes from a folder or gives into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "IOFolderType", rename_items = "snake_case")]
pub(crate) enum IoFolderType {
    Input,
    Output,
}
