//! The engine: holds wasmtime, the compile cache, the memory budget and the threads that guests run on.

use std::path::PathBuf;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use bytes::Bytes;
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use wasmtime::component::Linker;

use crate::budget::MemoryBudget;
use crate::cache::Cache;
use crate::code::{self, Loading};
use crate::compile::{self, Compiler};
use crate::component::{Component, Description};
use crate::error::{EngineError, Refused};
use crate::host::{self, HostState};
use crate::inspect::inspect;
use crate::place::Place;
use crate::run::turns::Turns;
use crate::run::watch::Watch;
use crate::start;
use crate::unfit;

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Every limit.
    pub limits: Arc<Limits>,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// Where compiled code is kept; `None`: nowhere, each load compiles.
    pub cache_dir: Option<PathBuf>,
    /// Threads that guests run on.
    pub threads: usize,
}

/// Clones share everything.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    wasmtime: wasmtime::Engine,
    /// How many memories of components there may be at once.
    memories: u32,
    linker: Linker<HostState>,
    limits: Arc<Limits>,
    compiler: Compiler,
    cache: Option<Cache>,
    loading: Loading,
    budget: MemoryBudget,
    guests: GuestThreads,
    watch: Watch,
    /// Held while compiling: compilers are heavy, and of two installations of one component the second finds the first's
    /// code in the cache.
    compiling: tokio::sync::Mutex<()>,
}

/// Guests run on threads of their own, apart from HTTP and store, so that a guest that computes delays nothing else; only
/// the first slice of a run that is known to be short does not, see [`crate::run::quick`].
struct GuestThreads {
    runtime: Option<Runtime>,
    turns: Turns,
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        // A runtime must not be waited for inside another one; guests stop at their next yield.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Engine {
    /// Sets everything up. Takes no component yet.
    pub fn new(options: Options) -> Result<Self, EngineError> {
        let refused = |error: wasmtime::Error| EngineError::Wasmtime(error.into());
        let (wasmtime, memories) = start::wasmtime(&options.limits)?;
        start::try_out(&wasmtime)?;
        let linker = host::linker(&wasmtime).map_err(refused)?;
        let io = |doing: String| |source| EngineError::Io { doing, source };
        let cache = match &options.cache_dir {
            None => None,
            Some(folder) => Some(
                Cache::open(folder, &wasmtime)
                    .map_err(io(format!("making the folder {} for compiled code", folder.display())))?,
            ),
        };
        let loading = match &options.cache_dir {
            None => Loading::Read,
            Some(folder) => Loading::from(folder).map_err(io(format!("looking at the folder {}", folder.display())))?,
        };
        let threads = options.threads.max(1);
        let guests = Builder::new_multi_thread()
            // As many again are spare: each takes the place of one that does not come back from its guest.
            .worker_threads(threads.saturating_mul(2))
            .thread_name("guest")
            .on_thread_start(give_way)
            .enable_all()
            .build()
            .map_err(io("starting threads for components".to_owned()))?;
        let turns = Turns::new(threads);
        let watch = Watch::begin(&options.limits, threads, turns.clone())
            .map_err(io("starting the thread that watches components".to_owned()))?;
        let budget = match options.limits.memory_budget_bytes {
            // With too little for a budget, one run at a time.
            0 => Place::here().memory.budget().unwrap_or_default(),
            bytes => bytes,
        };
        let budget = MemoryBudget::new(budget, &options.limits);
        Ok(Self {
            inner: Arc::new(Inner {
                wasmtime,
                memories,
                linker,
                limits: options.limits,
                compiler: options.compiler,
                cache,
                loading,
                budget,
                guests: GuestThreads { runtime: Some(guests), turns },
                watch,
                compiling: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// Adds the figures of its guests to what is answered to `GET /metrics`.
    pub fn register(&self, registry: &mut prometheus_client::registry::Registry) {
        self.inner.watch.register(registry);
    }

    /// The most processor time that a guest has had so far from one pause, where it can be stopped, to the next.
    pub fn longest_step(&self) -> std::time::Duration {
        self.inner.watch.longest_step()
    }

    /// Lets a component run again that was kept from it because a run of it could not be stopped; as long as that run still
    /// computes, nothing changes.
    pub fn readmit(&self, digest: &Digest) {
        self.inner.watch.readmit(digest);
    }

    /// Inspects, compiles and describes a component that is new here.
    pub async fn install(&self, bytes: Bytes) -> Result<(Component, Description), Refused> {
        self.install_for(None, bytes).await
    }

    /// The same for an organisation, whose share of turns and memory it uses.
    pub async fn install_for(
        &self,
        of: Option<&Organisation>,
        bytes: Bytes,
    ) -> Result<(Component, Description), Refused> {
        let component = self.load(Digest::of(&bytes), bytes).await?;
        let description = component.describe(of).await?;
        Ok((component, description))
    }

    /// Makes a component ready to run: from the cache where it was compiled before, else compiled now.
    pub async fn load(&self, digest: Digest, bytes: Bytes) -> Result<Component, Refused> {
        let most = self.inner.limits.component_bytes;
        if bytes.len() as u64 > most {
            return Err(Refused {
                code: analyte_core::codes::Code::TooLarge,
                message: format!("the component has {} bytes; {most} are allowed (limit component_bytes)", bytes.len()),
                causes: Vec::new(),
            });
        }
        let inspection = inspect(&bytes)?;
        let compiled = self.compiled(digest, bytes).await?;
        Component::new(self.clone(), digest, inspection, &compiled)
    }

    async fn compiled(&self, digest: Digest, bytes: Bytes) -> Result<wasmtime::component::Component, Refused> {
        let inner = &self.inner;
        if let Some(component) = self.cached(&digest) {
            return Ok(component);
        }
        let _turn = inner.compiling.lock().await;
        if let Some(component) = self.cached(&digest) {
            return Ok(component);
        }
        match (&inner.compiler, &inner.cache) {
            (Compiler::Child { program }, Some(cache)) => {
                let failed = |doing: &'static str| move |e: std::io::Error| Refused::host(doing).because(e.to_string());
                let input = cache.temporary(&digest, "wasm");
                let output = cache.temporary(&digest, "code");
                let written = tokio::fs::write(&input, &bytes).await;
                let result = match written {
                    Ok(()) => compile::in_child(program, &input, &output, &inner.limits).await,
                    Err(error) => Err(failed("the component could not be handed to the compiler")(error)),
                };
                let admitted = match result {
                    Ok(()) => cache.admit(&output, &digest).map_err(failed("compiled code could not be kept")),
                    Err(refused) => Err(refused),
                };
                for leftover in [&input, &output] {
                    // Gone already where all went well.
                    let _ = tokio::fs::remove_file(leftover).await;
                }
                inner.loading.load(&inner.wasmtime, &admitted?).map_err(|error| self.unloadable(&error))
            }
            (Compiler::InProcess | Compiler::Child { .. }, _) => {
                let limits = inner.limits.clone();
                let code = tokio::task::spawn_blocking(move || compile::in_process(&bytes, &limits))
                    .await
                    .map_err(|error| Refused::host("the compiler crashed").because(error.to_string()))?
                    .map_err(|said| compile::refusal(&said))?;
                code::fresh(&inner.wasmtime, &code).map_err(|error| self.unloadable(&error))
            }
        }
    }

    /// Why what was just compiled cannot be used: most often the component wants more than it may have.
    fn unloadable(&self, error: &wasmtime::Error) -> Refused {
        unfit::refusal(error, &self.inner.limits)
            .unwrap_or_else(|| Refused::host("compiled code cannot be loaded").because(format!("{error:#}")))
    }

    /// The compiled code of a component, where the cache has it and it can be used.
    fn cached(&self, digest: &Digest) -> Option<wasmtime::component::Component> {
        let path = self.inner.cache.as_ref()?.path(digest);
        if !path.exists() {
            return None;
        }
        let loaded = self.inner.loading.load(&self.inner.wasmtime, &path);
        loaded
            .inspect_err(|error| {
                tracing::warn!(%digest, %error, "compiled code in the cache cannot be used; compiling again");
            })
            .ok()
    }

    /// Everything large is reserved here first.
    pub fn budget(&self) -> &MemoryBudget {
        &self.inner.budget
    }

    /// The limits in force.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.inner.limits
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.inner.watch
    }

    /// How many memories of components there may be at once: fewer than usual where the address space is small.
    pub fn memories(&self) -> u32 {
        self.inner.memories
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    pub(crate) fn linker(&self) -> &Linker<HostState> {
        &self.inner.linker
    }

    /// Does something long that no call waits behind, on a thread that gives way to those that answer calls.
    pub fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match self.guests() {
            Some((threads, _)) => threads.spawn_blocking(work),
            // Only while the engine is being dropped.
            None => tokio::task::spawn_blocking(work),
        }
    }

    /// The guests' threads, and the turns that guests take there.
    pub(crate) fn guests(&self) -> Option<(&Handle, &Turns)> {
        let GuestThreads { runtime, turns } = &self.inner.guests;
        runtime.as_ref().map(|runtime| (runtime.handle(), turns))
    }
}

/// How much guests give way to the threads that answer calls and keep jobs, as `nice` counts it. What computes uses up its
/// time on a processor; a thread that only has to answer must not wait for that.
const GIVES_WAY: i32 = 10;

/// Has this thread give way to others of the process.
fn give_way() {
    if let Err(error) = setpriority_process(Some(gettid()), GIVES_WAY) {
        // Guests then only share the processors evenly.
        tracing::debug!(%error, "a thread for components keeps its usual priority");
    }
}
