//! What a run takes, and what it gives: what callers of the engine know of a run.

pub mod log_limits;
pub mod stop;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::failure::Failure;
use analyte_core::job::{Progress, RunLimits, Usage};
use analyte_core::model::{Capability, ModelInfo};
use analyte_core::names::{FileName, Organisation};
use analyte_core::table::Table;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::Refused;
use crate::request::stop::StopConditions;

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

/// What the operator allows one provider: values of settings and secrets by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Not secret.
    pub settings: BTreeMap<String, String>,
    /// Never shown.
    pub secrets: BTreeMap<String, String>,
}

impl Grants {
    /// The part of these that a component asked for.
    #[must_use]
    pub fn asked_for(&self, capabilities: &[Capability]) -> Self {
        let part = |kind: &str, granted: &BTreeMap<String, String>| {
            let asked =
                |name: &String| capabilities.iter().any(|c| c.name.strip_prefix(kind).is_some_and(|rest| rest == name));
            granted.iter().filter(|(name, _)| asked(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        Self { settings: part("settings:", &self.settings), secrets: part("secrets:", &self.secrets) }
    }

    /// Names of what is granted, as capabilities are named; values are left out.
    pub fn names(&self) -> Vec<String> {
        let settings = self.settings.keys().map(|name| format!("settings:{name}"));
        settings.chain(self.secrets.keys().map(|name| format!("secrets:{name}"))).collect()
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// The file of a file-backed model.
#[derive(Debug, Clone)]
pub struct ModelFile {
    /// The model's name.
    pub name: String,
    /// As it was published.
    pub media_type: String,
    /// `sha256:…`
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// What it is read from.
    pub source: Arc<dyn ModelSource>,
}

impl ModelFile {
    /// A file that is in memory already.
    pub fn in_memory(name: impl Into<String>, media_type: impl Into<String>, bytes: Bytes) -> Self {
        Self {
            name: name.into(),
            media_type: media_type.into(),
            digest: Digest::of(&bytes).to_string(),
            size: bytes.len() as u64,
            source: Arc::new(InMemory(bytes)),
        }
    }
}

/// What a model file is read from, piece by piece.
#[async_trait]
pub trait ModelSource: Send + Sync + Debug + 'static {
    /// Exactly this number of bytes from there on: never asked beyond the file's size, never for nothing, and never for more than
    /// one call may carry (`transfer_bytes`). An error, or any other number
    /// of bytes, fails the run with `host-error`. Dropped where the run is stopped meanwhile.
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String>;
}

/// A whole file in memory.
#[derive(Clone)]
pub struct InMemory(pub Bytes);

#[async_trait]
impl ModelSource for InMemory {
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let to = from.saturating_add(length).min(self.0.len());
        Ok(self.0.slice(from..to))
    }
}

/// Its size: the content is long, and logs must not show it.
impl Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InMemory({} bytes)", self.0.len())
    }
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `trace`, `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// What the component said; cut at the log's limit.
    pub message: String,
}

/// Takes what a run tells while it runs. Calls come from the guest's threads and must be quick; limits on numbers and
/// sizes were applied before.
#[async_trait]
pub trait RunSink: Send + Sync + 'static {
    /// How far the run is. Called at most as often as the limit on progress allows.
    fn progress(&self, progress: Progress);
    /// One line of log.
    fn log(&self, line: LogLine);
    /// Starts a result file.
    async fn create_file(&self, name: FileName, media_type: String) -> Result<Box<dyn FileSink>, String>;
}

/// Takes a result file piece by piece. Dropped before its end, the file is discarded.
#[async_trait]
pub trait FileSink: Send + 'static {
    /// The next piece.
    async fn write(&mut self, piece: Bytes) -> Result<(), String>;
    /// The end: the file now belongs to the result.
    async fn finish(self: Box<Self>) -> Result<(), String>;
}

/// What a run gave.
#[derive(Debug)]
pub struct RunReport {
    /// The result, or why there is none.
    pub outcome: Result<RunOutcome, Failure>,
    /// What it cost.
    pub usage: Usage,
    /// Log lines that were beyond the limit.
    pub log_lines_dropped: u64,
}

impl RunReport {
    /// Of a run that never began.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), usage: Usage::default(), log_lines_dropped: 0 }
    }

    /// Of a run that never began, or that was left behind.
    pub fn refused(refused: Refused) -> Self {
        let mut failure = Failure::new(refused.code, refused.message);
        failure.causes = refused.causes;
        Self::failed(failure)
    }
}

/// A result that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// The table, under the model's output shape with the fields that the model added.
    pub output: Table,
    /// What the client should know.
    pub warnings: Vec<String>,
}

/// A sink that keeps nothing: for runs whose progress, log and files nobody asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

#[async_trait]
impl RunSink for Discard {
    fn progress(&self, _: Progress) {}
    fn log(&self, _: LogLine) {}
    async fn create_file(&self, _: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl FileSink for Discard {
    async fn write(&mut self, _: Bytes) -> Result<(), String> {
        Ok(())
    }
    async fn finish(self: Box<Self>) -> Result<(), String> {
        Ok(())
    }
}
