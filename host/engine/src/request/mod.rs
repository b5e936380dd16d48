//! What a run takes, and what it gives: what callers of the engine know of a run.

mod grants;
pub mod log_limits;
mod model_file;
mod report;
mod sink;
pub mod stop;

use std::sync::Arc;

use analyte_core::job::RunLimits;
use analyte_core::model::ModelInfo;
use analyte_core::names::Organisation;
use analyte_core::table::Table;

use stop::StopConditions;

pub use grants::Grants;
pub use model_file::{InMemory, ModelFile, ModelSource};
pub use report::{RunOutcome, RunReport};
pub use sink::{Discard, FileSink, LogLine, RunSink};

/// One run of one model.
#[derive(Clone)]
pub struct RunRequest {
    /// Which model: what the component said of it, checked.
    pub model: Arc<ModelInfo>,
    /// Already fitted to the model's input shape.
    pub input: Table,
    /// JSON object, already checked against the model's schema.
    pub parameters: String,
    /// What it may use.
    pub limits: RunLimits,
    /// Whose run it is, and whose share of turns and memory it uses; `None`: of what belongs to all.
    pub organisation: Option<Organisation>,
    /// Who runs.
    pub identity: Identity,
    /// What the operator allows.
    pub grants: Arc<Grants>,
    /// The file of a file-backed model.
    pub model_file: Option<ModelFile>,
    /// Where progress, log lines and files go.
    pub sink: Arc<dyn RunSink>,
    /// What may end it beside its limits.
    pub stop_conditions: StopConditions,
}

/// The job that a run belongs to, as the component may ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Empty for a run that is not stored.
    pub job: String,
    /// Empty for a run that is not stored.
    pub task: String,
    /// Counted from 1.
    pub attempt: u32,
    /// The stateful session, if any.
    pub session: Option<String>,
}
