//! What a run without a server gives while it runs: progress and log to stderr, result files to a folder.

use std::path::PathBuf;

use analyte_core::job::Progress as Fraction;
use analyte_core::names::FileName;
use analyte_engine::request::{FileSink, LogLine, RunSink};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;

use crate::output::progress::Progress;

/// Where a run's progress, log and files go.
pub(crate) struct Sink {
    /// Where the user sees how far the run is, and its log.
    pub(crate) progress: Progress,
    /// Where result files go; `None`: they are dropped, with a warning.
    pub(crate) folder: Option<PathBuf>,
}

#[async_trait]
impl RunSink for Sink {
    fn progress(&self, progress: Fraction) {
        self.progress.fraction(progress.fraction, &progress.message);
    }

    fn log(&self, line: LogLine) {
        self.progress.line(&format!("{}: {}", line.level, line.message));
    }

    async fn create_file(&self, name: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
        let Some(folder) = &self.folder else {
            self.progress.line(&format!("warning: the result file {name} is dropped; --files DIR keeps it"));
            return Ok(Box::new(analyte_engine::request::Discard));
        };
        // A file appears under its name only when it is whole.
        let file = tempfile::NamedTempFile::with_prefix_in(".", folder).map_err(|error| error.to_string())?;
        let handle = file.reopen().map_err(|error| error.to_string())?;
        Ok(Box::new(ResultFile { handle: tokio::fs::File::from_std(handle), file, path: folder.join(name.as_str()) }))
    }
}

struct ResultFile {
    handle: tokio::fs::File,
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

#[async_trait]
impl FileSink for ResultFile {
    async fn write(&mut self, piece: Bytes) -> Result<(), String> {
        self.handle.write_all(&piece).await.map_err(|error| error.to_string())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), String> {
        self.handle.flush().await.map_err(|error| error.to_string())?;
        self.file.persist(&self.path).map_err(|error| error.to_string())?;
        Ok(())
    }
}
