//! Where a stored run's progress, log lines and result files go.

use std::sync::Arc;

use analyte_core::job::Progress;
use analyte_core::names::FileName;
use analyte_engine::request::{FileSink, LogLine, RunSink};
use analyte_store::{ContentWriter, NewContent, NewFile, Purpose, Store};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use crate::options::Clock;
use crate::run::active_runs::{ActiveRun, Presence};

/// Takes what one run reports.
pub(crate) struct Sink {
    live: Arc<ActiveRun>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    files: Arc<Mutex<Vec<NewFile>>>,
    /// The guest has this sink until it has gone.
    _present: Presence,
}

impl Sink {
    pub(crate) fn new(live: Arc<ActiveRun>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { _present: live.presence(), live, store, clock, files: Arc::default() }
    }

    /// The files finished so far.
    pub(crate) fn take_files(&self) -> Vec<NewFile> {
        std::mem::take(&mut *self.files.lock())
    }

    /// One line that the host itself adds.
    pub(crate) fn note(&self, level: &str, message: String) {
        self.log(LogLine { level: level.to_owned(), message });
    }
}

#[async_trait]
impl RunSink for Sink {
    fn progress(&self, progress: Progress) {
        self.live.report_progress(self.clock.now(), progress);
    }

    fn log(&self, line: LogLine) {
        self.live.report_line(self.clock.now(), line);
    }

    async fn create_file(&self, name: FileName, media_type: String) -> Result<Box<dyn FileSink>, String> {
        let writer = self.store.content_writer(Purpose::Outcome).await.map_err(|error| cannot(&name, &error))?;
        Ok(Box::new(File { name, media_type, writer, files: self.files.clone() }))
    }
}

/// A result file being written.
struct File {
    name: FileName,
    media_type: String,
    writer: Box<dyn ContentWriter>,
    files: Arc<Mutex<Vec<NewFile>>>,
}

#[async_trait]
impl FileSink for File {
    async fn write(&mut self, piece: Bytes) -> Result<(), String> {
        self.writer.write(piece).await.map_err(|error| cannot(&self.name, &error))
    }

    async fn finish(self: Box<Self>) -> Result<(), String> {
        let Self { name, media_type, writer, files } = *self;
        let staged = writer.finish().await.map_err(|error| cannot(&name, &error))?;
        files.lock().push(NewFile { name, media_type, content: NewContent::Staged(staged) });
        Ok(())
    }
}

/// The component learns only that the host failed; the operator finds in the log how.
fn cannot(name: &FileName, error: &analyte_store::StoreError) -> String {
    tracing::warn!(file = %name, error = error as &dyn std::error::Error, "a result file cannot be written");
    "the host could not write the file".to_owned()
}
