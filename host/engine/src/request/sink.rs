//! Where what a run reports while it runs goes: progress, log lines, result files.

use analyte_core::job::Progress;
use analyte_core::names::FileName;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `trace`, `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// What the component said; cut at the log's limit.
    pub message: String,
}

/// Takes what a run reports while it runs. Calls come from the guest's threads and must be quick; limits on numbers and
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
