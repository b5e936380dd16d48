//! One task of a submission, as a client asks for it.

use analyte_core::document::written_bytes;
use analyte_core::names::{ModelName, ProviderName, TaskName};
use analyte_core::table::Table;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::intake::run_limits::LimitsAsked;

/// Parameters as a client gives them.
#[derive(Debug, Clone, Default)]
pub enum Parameters {
    /// None: the model's defaults.
    #[default]
    None,
    /// A JSON object.
    Object(Map<String, Value>),
    /// JSON text that should be an object.
    Json(Box<RawValue>),
    /// Names and texts, as in a query string or on a command line; each text is read as the model's schema says. A name
    /// that comes several times makes an array.
    Pairs(Vec<(String, String)>),
}

impl Parameters {
    /// About how many bytes they take as JSON.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::None => 2,
            Self::Object(object) => written_bytes(object, u64::MAX).ok().flatten().unwrap_or(u64::MAX),
            Self::Json(text) => text.get().len() as u64,
            Self::Pairs(pairs) => pairs.iter().map(|(name, text)| (name.len() + text.len()) as u64).sum(),
        }
    }
}

/// Where the table comes from that a task runs on.
#[derive(Debug, Clone)]
pub enum InputAsked {
    /// The client gives it. It was read for the model's input shape (see [`crate::Model::info`]), and is fitted to it when it is
    /// submitted.
    Given {
        /// The table.
        table: Table,
        /// What the client should know about it; becomes part of the task's warnings.
        warnings: Vec<String>,
    },
    /// The result tables of other tasks of the job, the rows of one below those of the other. Each is fitted to the model's
    /// input shape when the task begins; further columns that the model takes have to be the same in all of them.
    Results {
        /// Which tasks, in the order of their rows: at least one, each once, all of them before this one in the list.
        of: Vec<TaskName>,
    },
    /// The same of all tasks that it waits for ([`TaskAsked::after`]): at least one.
    ResultsOfAll,
}

impl From<Table> for InputAsked {
    fn from(table: Table) -> Self {
        Self::Given { table, warnings: Vec::new() }
    }
}

impl InputAsked {
    /// The table that the client gives; `None`: the input is made of results of other tasks.
    pub fn given(&self) -> Option<&Table> {
        match self {
            Self::Given { table, .. } => Some(table),
            Self::Results { .. } | Self::ResultsOfAll => None,
        }
    }
}

/// Where a task names those whose results it takes, when it names them apart.
pub(crate) const RESULTS_AT: &str = "/input/results_of";

/// One model to be applied once.
#[derive(Debug, Clone)]
pub struct TaskAsked {
    /// Unique within the job.
    pub name: TaskName,
    /// Whose model.
    pub provider: ProviderName,
    /// Which model.
    pub model: ModelName,
    /// What it runs on.
    pub input: InputAsked,
    /// Checked against the model's schema when the job is submitted.
    pub parameters: Parameters,
    /// What each of its runs may use; what it does not ask for is as the submission's limits say.
    pub limits: LimitsAsked,
    /// Tasks that must complete before it starts, all of them before this one in the list; those whose results it takes need
    /// not be named again.
    pub after: Vec<TaskName>,
}

impl TaskAsked {
    /// The task of a job that has just one, with nothing but what it must have.
    pub fn new(provider: ProviderName, model: ModelName, input: impl Into<InputAsked>) -> Self {
        Self::named(TaskName::only(), provider, model, input)
    }

    /// A task with nothing but what it must have.
    pub fn named(name: TaskName, provider: ProviderName, model: ModelName, input: impl Into<InputAsked>) -> Self {
        Self {
            name,
            provider,
            model,
            input: input.into(),
            parameters: Parameters::None,
            limits: LimitsAsked::default(),
            after: Vec::new(),
        }
    }

    /// The tasks whose results make up its input, in the order of their rows; none where a table is given.
    pub(super) fn results_of(&self) -> &[TaskName] {
        match &self.input {
            InputAsked::Given { .. } => &[],
            InputAsked::Results { of } => of,
            InputAsked::ResultsOfAll => &self.after,
        }
    }

    /// The member of the task, as a JSON pointer within it, that names the tasks whose results it takes.
    pub(super) fn names_results_at(&self) -> &'static str {
        match &self.input {
            InputAsked::Given { .. } | InputAsked::Results { .. } => RESULTS_AT,
            InputAsked::ResultsOfAll => "/after",
        }
    }

    /// The tasks that must complete before it starts, each once: first those whose results it takes.
    pub(super) fn parents(&self) -> Vec<TaskName> {
        let results_of = self.results_of();
        let further = self.after.iter().filter(|name| !results_of.contains(name));
        results_of.iter().chain(further).cloned().collect()
    }
}
