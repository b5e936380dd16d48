//! A component on the production engine, without a server, and a sink that keeps what its runs tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use analyte_core::failure::Failure;
use analyte_core::job::{Progress, RunLimits};
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::FileName;
use analyte_core::table::fit::fit;
use analyte_core::table::format::{self, Format};
use analyte_engine::compiler::Compiler;
use analyte_engine::request::stop::StopConditions;
use analyte_engine::request::{FileSink, Grants, Identity, LogLine, RunReport, RunRequest, RunSink};
use analyte_engine::{Component, Engine, Options};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::plugins::plugin;
use super::{ok, temporary};

/// Ample for whatever is not about limits.
pub const RUN: RunLimits = RunLimits { fuel: 1_000_000_000, memory_bytes: 64 << 20, timeout_ms: 60_000 };

/// A component and what it needs to run.
pub struct Sandbox {
    pub engine: Engine,
    pub component: Component,
    pub models: BTreeMap<String, Arc<ModelInfo>>,
}

impl Sandbox {
    /// The plugin of this name, compiled in a child process as the server does it, once for all tests.
    pub async fn of(name: &str, limits: Limits) -> Self {
        Self::with_cache(name, limits, &temporary().join("sandbox-code")).await
    }

    /// The same, with compiled code in this folder.
    pub async fn with_cache(name: &str, limits: Limits, cache: &Path) -> Self {
        let engine = ok(
            Engine::new(Options {
                limits: Arc::new(limits),
                compiler: Compiler::Child { program: super::binary::program() },
                cache_dir: Some(cache.to_owned()),
                threads: 2,
            }),
            "an engine",
        );
        let bytes = ok(fs::read(plugin(name)), "the component");
        let (component, description) = ok(engine.install(bytes.into()).await, "the installation");
        let models = description.models.into_iter().map(|model| (model.name.to_string(), Arc::new(model))).collect();
        Self { engine, component, models }
    }

    /// One run of a model on a row without a value.
    pub fn request(&self, model: &str, parameters: &str, reported: &Arc<Reported>) -> RunRequest {
        let model = ok(self.models.get(model).ok_or(model), "the model").clone();
        let rows = Bytes::from_static(br#"[{"value":null}]"#);
        let read = ok(format::read(Format::Json, rows, &model.input, &Limits::default()), "a table");
        let fitted = ok(fit(&read.table, &model.input, model.cardinality, &Limits::default()), "a fitting table");
        RunRequest {
            input: fitted.table,
            model,
            parameters: parameters.to_owned(),
            limits: RUN,
            organisation: None,
            identity: Identity { job: "the-job".to_owned(), task: "main".to_owned(), attempt: 1, session: None },
            grants: Arc::new(Grants::default()),
            model_file: None,
            sink: reported.clone(),
            stop_conditions: StopConditions::default(),
        }
    }
}

/// Keeps what runs report.
#[derive(Default)]
pub struct Reported {
    pub progress: Mutex<Vec<Progress>>,
    pub log: Mutex<Vec<LogLine>>,
    /// Finished and discarded files as `NAME: CONTENT` and `NAME discarded`.
    pub files: Arc<Mutex<Vec<String>>>,
}

/// A file being written.
struct Kept {
    name: FileName,
    content: Vec<u8>,
    finished: bool,
    files: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl RunSink for Reported {
    fn progress(&self, progress: Progress) {
        self.progress.lock().push(progress);
    }
    fn log(&self, line: LogLine) {
        self.log.lock().push(line);
    }
    async fn create_file(&self, name: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
        Ok(Box::new(Kept { name, content: Vec::new(), finished: false, files: self.files.clone() }))
    }
}

#[async_trait]
impl FileSink for Kept {
    async fn write(&mut self, piece: Bytes) -> Result<(), String> {
        self.content.extend_from_slice(&piece);
        Ok(())
    }
    async fn finish(mut self: Box<Self>) -> Result<(), String> {
        self.finished = true;
        self.files.lock().push(format!("{}: {}", self.name, String::from_utf8_lossy(&self.content)));
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.finished {
            self.files.lock().push(format!("{} discarded", self.name));
        }
    }
}

/// The rows of a result as CSV without its header, or the code and message of a failure.
pub fn shown(report: &RunReport) -> String {
    match &report.outcome {
        Ok(outcome) => {
            let csv = ok(format::write(Format::Csv, &outcome.output), "CSV");
            let text = ok(String::from_utf8(csv), "UTF-8");
            text.lines().skip(1).collect::<Vec<_>>().join("\n")
        }
        Err(Failure { code, message, .. }) => format!("{code}: {message}"),
    }
}
