//! What clients ask of scheduled jobs, whichever call they make.

use analyte_core::document::Document;
use analyte_core::schedule::Part;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::Submission;

use super::mode::RunMode;

/// A scheduled job to be.
#[derive(Debug, Clone)]
pub(crate) struct NewScheduledJob {
    /// For people.
    pub(crate) name: String,
    /// For people; `None`: the name says enough.
    pub(crate) description: Option<String>,
    /// When it runs.
    pub(crate) mode: RunMode,
    /// Its parts; kept also where its mode does not use them.
    pub(crate) parts: Vec<Part>,
    /// It does not run before; `None`: from now on.
    pub(crate) start: Option<Timestamp>,
    /// It does not run then or later; `None`: it goes on.
    pub(crate) stop: Option<Timestamp>,
    /// Whether it runs by itself.
    pub(crate) active: bool,
    /// The client's own data.
    pub(crate) details: Option<Document>,
    /// Its one job template.
    pub(crate) template: Submission,
    /// Label of the token that asks for it.
    pub(crate) by: String,
}

/// What is to be changed of a scheduled job; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
#[expect(clippy::option_option, reason = "whether it is said, and whether it is then nothing")]
pub(crate) struct Changes {
    /// For people.
    pub(crate) name: Option<String>,
    /// For people; `Some(None)` removes it.
    pub(crate) description: Option<Option<String>>,
    /// When it runs.
    pub(crate) mode: Option<RunMode>,
    /// All its parts.
    pub(crate) parts: Option<Vec<Part>>,
    /// It does not run before; `Some(None)`: from now on.
    pub(crate) start: Option<Option<Timestamp>>,
    /// It does not run then or later; `Some(None)`: it goes on.
    pub(crate) stop: Option<Option<Timestamp>>,
    /// Whether it runs by itself.
    pub(crate) active: Option<bool>,
    /// The client's own data; `Some(None)` removes it.
    pub(crate) details: Option<Option<Document>>,
    /// Its one job template.
    pub(crate) template: Option<Submission>,
}
