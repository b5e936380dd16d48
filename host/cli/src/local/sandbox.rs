//! The engine as commands without a server use it: compiling in a child process, compiled code in a folder of the user.

use std::error::Error;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_engine::compiler::Compiler;
use analyte_engine::error::EngineError;
use analyte_engine::{Component, Description, Engine, Options};
use anyhow::{Context as _, Result};
use bytes::Bytes;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::folders::cache_dir;
use crate::output::progress::Progress;
use crate::output::report::Report;

/// An engine with what it needs around it.
pub(crate) struct Sandbox {
    engine: Engine,
    runtime: Runtime,
    /// Holds compiled code where the user has no folder for it; removed at the end.
    _scratch: Option<TempDir>,
}

impl Sandbox {
    /// Starts one under these limits; `cache` is the folder for compiled code where it is not the user's usual one.
    pub(crate) fn start(limits: Limits, cache: Option<&Path>) -> Result<Self> {
        let (folder, scratch) = match cache {
            Some(folder) => {
                cache_dir::private(folder)?;
                (folder.to_owned(), None)
            }
            None => {
                if let Some(folder) = cache_dir::per_user()? {
                    (folder, None)
                } else {
                    let scratch = tempfile::tempdir().context("no temporary folder can be made")?;
                    (scratch.path().to_owned(), Some(scratch))
                }
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("threads cannot be started")?;
        let engine = engine(Arc::new(limits), folder, 1)?;
        Ok(Self { engine, runtime, _scratch: scratch })
    }

    /// Reads, inspects, compiles and describes a component.
    pub(crate) fn install(&self, path: &Path) -> Result<(Component, Description, u64)> {
        let bytes = read(path, self.engine.limits())?;
        let size = bytes.len() as u64;
        let progress = Progress::begin(&format!("making {} ready", path.display()));
        let installed = self.runtime.block_on(self.engine.install(bytes));
        progress.end();
        let (component, description) = installed.map_err(Report::from)?;
        Ok((component, description, size))
    }

    /// Does asynchronous work to its end.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> &Limits {
        self.engine.limits()
    }
}

/// An engine that compiles in a child process, which is this program itself.
pub(crate) fn engine(limits: Arc<Limits>, cache: PathBuf, threads: usize) -> Result<Engine> {
    let program = own_program()?;
    let options = Options { limits, compiler: Compiler::Child { program }, cache_dir: Some(cache), threads };
    Engine::new(options).map_err(|error| match error {
        EngineError::Machine { message, advice, cause } => {
            let report = Report::new(message).hint(advice);
            let causes =
                std::iter::successors(cause.as_deref().map(|cause| cause as &(dyn Error + 'static)), |cause| {
                    (*cause).source()
                });
            causes.fold(report, |report, cause| report.fact(format!("because: {cause}"))).into()
        }
        error => anyhow::Error::from(error).context("the sandbox cannot be started"),
    })
}

/// This program, also where its file was replaced since it was started, as an upgrade does: code that another version
/// compiles would not be accepted.
fn own_program() -> Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        return Ok(running);
    }
    std::env::current_exe().map_err(|error| {
        Report::new(
            "this program's own file cannot be found, which it needs to compile components in a process of its own",
        )
        .fact(format!("because: {error}"))
        .hint("mount /proc where the server runs")
        .into()
    })
}

/// Reads a component, and no more of a file than a component may have.
fn read(path: &Path, limits: &Limits) -> Result<Bytes> {
    let cannot = || format!("the component {} cannot be read", path.display());
    let file = std::fs::File::open(path).with_context(cannot)?;
    let mut bytes = Vec::new();
    file.take(limits.component_bytes.saturating_add(1)).read_to_end(&mut bytes).with_context(cannot)?;
    if bytes.len() as u64 > limits.component_bytes {
        let most = limits.component_bytes;
        return Err(Report::new(format!(
            "too-large: {} has more than the {most} bytes that a component may have (limit component_bytes)",
            path.display()
        ))
        .into());
    }
    Ok(bytes.into())
}
