//! The words of aiWARE for the states of jobs and tasks, and for why tasks fail.
//!
//! A job that waits is `pending`; so is a task, and one that has run before and waits for its next run is `queued`. What was
//! cancelled is `aborted`.

use analyte_core::codes::Code;
use analyte_core::job::{Job, Status, Task};

/// Every word for a state; the product has the last four, and nothing here is ever in them.
pub(crate) const WORDS: [&str; 9] =
    ["pending", "queued", "running", "complete", "aborted", "failed", "scheduled", "rejected", "reprocessing"];

/// The words as parameters have them.
pub(crate) fn words() -> Vec<(&'static str, &'static str)> {
    WORDS.iter().map(|word| (*word, *word)).collect()
}

/// The state of a job.
pub(crate) fn of_job(job: &Job) -> &'static str {
    of_jobs(job.status)
}

/// The word for a job in this state.
pub(crate) fn of_jobs(status: Status) -> &'static str {
    match status {
        Status::Queued => "pending",
        Status::Running => "running",
        Status::Completed => "complete",
        Status::Failed => "failed",
        Status::Cancelled => "aborted",
    }
}

/// The state in which jobs are that have this word; `None`: no job is ever.
pub(crate) fn job_status(word: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| of_jobs(*status) == word)
}

/// The state of a task.
pub(crate) fn of_task(task: &Task) -> &'static str {
    match task.status {
        Status::Queued if task.attempt.0 > 0 => "queued",
        Status::Queued => "pending",
        Status::Running => "running",
        Status::Completed => "complete",
        // Given up by request, which fails its job.
        Status::Failed if task.error.as_ref().is_some_and(|failure| failure.code == Code::Cancelled) => "aborted",
        Status::Failed => "failed",
        Status::Cancelled => "aborted",
    }
}

/// Every word for why a task failed.
pub(crate) const REASONS: [&str; 12] = [
    "internal_error",
    "unknown",
    "connection",
    "rate_limited",
    "unauthorized",
    "api",
    "resources",
    "not_found",
    "core_api",
    "bad_data",
    "scheduling",
    "none",
];

/// Why a task failed or was aborted, or why its last run failed.
pub(crate) fn reason(task: &Task) -> &'static str {
    let Some(failure) = &task.error else { return "none" };
    match failure.code {
        Code::InvalidInput | Code::TooLarge | Code::Malformed => "bad_data",
        Code::OutOfFuel
        | Code::OutOfMemory
        | Code::Timeout
        | Code::StackOverflow
        | Code::OutputTooLarge
        | Code::DiskFull => "resources",
        Code::CapabilityDenied | Code::DestinationDenied | Code::Unauthorized | Code::Forbidden => "unauthorized",
        Code::ProviderUnavailable | Code::NotFound => "not_found",
        Code::ParentFailed => "scheduling",
        Code::Cancelled => "none",
        Code::Busy => "rate_limited",
        Code::Trap | Code::InvalidResult | Code::HostError | Code::NotStopped => "internal_error",
        Code::AnalysisError
        | Code::AlreadyFinished
        | Code::NotFinished
        | Code::NoResult
        | Code::SeveralResults
        | Code::IdempotencyMismatch
        | Code::UnsupportedMediaType
        | Code::Conflict
        | Code::InvalidComponent
        | Code::MethodNotAllowed => "unknown",
    }
}
