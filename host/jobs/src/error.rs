//! How calls to the manager fail.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::names::TaskName;
use analyte_core::table::problem::{Problem, ReadError};
use analyte_engine::error::{EngineError, Refused};
use analyte_store::StoreError;

/// Something that is wrong with what was asked for, outside its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// JSON pointer to the member of a submission, for instance `/limits/fuel`.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.pointer, self.message)
    }
}

/// A call that was refused or could not be carried out.
///
/// Code, message, problems and details are for the caller. The [source](Error::source) is for the operator's log only: it
/// may name files and tell what the system said.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct JobsError {
    code: Code,
    message: String,
    problems: Box<[Problem]>,
    wrong: Box<[Wrong]>,
    details: Vec<(String, String)>,
    retry_after: Option<Duration>,
    over_quota: bool,
    #[source]
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl JobsError {
    /// What could not even start, with its causes as details.
    pub(crate) fn refused(failure: Failure) -> Self {
        let mut error = Self::new(failure.code, failure.message);
        for cause in failure.causes {
            error = error.detail("cause", cause);
        }
        error
    }

    /// With nothing but a code and one sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            problems: Box::default(),
            wrong: Box::default(),
            details: Vec::new(),
            retry_after: None,
            over_quota: false,
            source: None,
        }
    }

    /// The stable word.
    pub fn code(&self) -> Code {
        self.code
    }
    /// One sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
    /// What is wrong with an input table, field by field.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
    /// What is wrong with parameters, limits and the like, place by place.
    pub fn wrong(&self) -> &[Wrong] {
        &self.wrong
    }
    /// Facts by name; `cause` may occur several times, outermost first.
    pub fn details(&self) -> &[(String, String)] {
        &self.details
    }
    /// After how long the caller should try again: set for [`Code::Busy`], and while another submission under the same
    /// idempotency key is being handled; else `None`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Of a [`Code::Busy`]: whether it is the caller's organisation that has all it may have, rather than the server that
    /// has no room.
    pub fn over_quota(&self) -> bool {
        self.over_quota
    }

    /// There is no such thing, as far as the caller may know.
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what}"))
    }
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput, message)
    }
    /// There is no room; worth trying again after this long.
    pub(crate) fn busy(message: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Code::Busy, message) }
    }
    /// The caller has used up its quota.
    pub(crate) fn quota(message: impl Into<String>, retry_after: Duration) -> Self {
        Self { over_quota: true, ..Self::busy(message, retry_after) }
    }
    /// Says when it is worth trying again.
    #[must_use]
    pub(crate) fn worth_trying_after(self, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..self }
    }
    pub(crate) fn stopping() -> Self {
        Self::busy("the server is stopping", Duration::from_secs(5))
    }

    /// The same with another sentence.
    #[must_use]
    pub(crate) fn saying(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// Says which task of a submission of several it is about.
    #[must_use]
    pub(crate) fn of_task(mut self, place: usize, name: &TaskName) -> Self {
        self.message = format!("task `{name}`: {}", self.message);
        for wrong in &mut self.wrong {
            wrong.pointer.insert_str(0, &format!("/tasks/{place}"));
        }
        self
    }

    /// Says within which member of what was asked for it is.
    #[must_use]
    pub(crate) fn within(mut self, pointer: &str) -> Self {
        for wrong in &mut self.wrong {
            wrong.pointer.insert_str(0, pointer);
        }
        self.message = format!("in `{pointer}`: {}", self.message);
        self
    }

    #[must_use]
    pub(crate) fn with_wrong(mut self, wrong: Vec<Wrong>) -> Self {
        self.wrong = wrong.into();
        self
    }
    #[must_use]
    pub(crate) fn detail(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.push((name.to_owned(), value.into()));
        self
    }
    #[must_use]
    pub(crate) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl From<StoreError> for JobsError {
    fn from(error: StoreError) -> Self {
        let refused = match &error {
            StoreError::DiskFull { .. } => Self::new(Code::DiskFull, error.to_string()),
            StoreError::Closed => Self::stopping(),
            StoreError::Busy => Self::busy(error.to_string(), Duration::from_secs(2)),
            // What exactly happened to the disk is the operator's business.
            StoreError::Io { .. } | StoreError::Locked { .. } | StoreError::NewerFormat { .. } => {
                Self::new(Code::HostError, "the server's store does not work at the moment")
            }
            StoreError::Damaged { .. } | StoreError::Missing(_) => {
                Self::new(Code::HostError, "what was asked for is damaged in the server's store")
            }
        };
        match error {
            // Says all there is to say, and need not be in the log for every refusal.
            StoreError::DiskFull { .. } => refused,
            error => refused.because(error),
        }
    }
}

impl From<Refused> for JobsError {
    fn from(refused: Refused) -> Self {
        let mut error = Self::new(refused.code, refused.message);
        error.details = refused.causes.into_iter().map(|cause| ("cause".to_owned(), cause)).collect();
        error
    }
}

impl From<ReadError> for JobsError {
    fn from(error: ReadError) -> Self {
        Self { problems: error.problems.into(), ..Self::new(error.code, error.message) }
    }
}

/// The manager cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not answer.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The engine does not start.
    #[error("the WebAssembly engine does not start")]
    Engine(#[from] EngineError),
}
