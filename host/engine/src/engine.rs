//! The engine: holds wasmtime, the compile cache, the memory budget and the threads that guests run on.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use analyte_core::shares::Holder;
use bytes::Bytes;
use tokio::runtime::{Builder, Handle, Runtime};
use wasmtime::component::Linker;

use crate::compile::cache::Cache;
use crate::compile::compiler::{self, Compiler};
use crate::compile::queue::CompileQueue;
use crate::component::inspect::inspect;
use crate::component::{Component, Description};
use crate::error::{EngineError, Refused};
use crate::host::{self, HostState};
use crate::machine::Machine;
use crate::machine::budget::MemoryBudget;
use crate::machine::priority;
use crate::runtime::load_code::{self, Loading};
use crate::runtime::pool_limits;
use crate::runtime::pool_places::PoolPlaces;
use crate::runtime::start;
use crate::schedule::fair_turns::Turns;
use crate::schedule::watchdog::Watchdog;

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
    /// One for each of them.
    places: PoolPlaces,
    linker: Linker<HostState>,
    limits: Arc<Limits>,
    compiler: Compiler,
    cache: Option<Arc<Cache>>,
    loading: Loading,
    budget: MemoryBudget,
    guests: GuestThreads,
    watchdog: Watchdog,
    compile_queue: CompileQueue,
}

/// Guests run on threads of their own, apart from HTTP and store, so that a guest that computes delays nothing else; only
/// the first slice of a run that is known to be short does not, see [`crate::schedule::inline_run`].
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
            Some(folder) => Some(Arc::new(
                Cache::open(folder, &wasmtime)
                    .map_err(io(format!("making the folder {} for compiled code", folder.display())))?,
            )),
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
            .on_thread_start(priority::lower_thread)
            .enable_all()
            .build()
            .map_err(io("starting threads for components".to_owned()))?;
        let turns = Turns::new(threads);
        let watchdog = Watchdog::begin(&options.limits, threads, turns.clone())
            .map_err(io("starting the thread that watches components".to_owned()))?;
        let budget = match options.limits.memory_budget_bytes {
            // With too little for a budget, one run at a time.
            0 => Machine::here().memory.budget().unwrap_or_default(),
            bytes => bytes,
        };
        let budget = MemoryBudget::new(budget, &options.limits);
        Ok(Self {
            inner: Arc::new(Inner {
                wasmtime,
                memories,
                places: PoolPlaces::new(memories),
                linker,
                limits: options.limits,
                compiler: options.compiler,
                cache,
                loading,
                budget,
                guests: GuestThreads { runtime: Some(guests), turns },
                watchdog,
                compile_queue: CompileQueue::default(),
            }),
        })
    }

    /// Adds the figures of its guests to what is answered to `GET /metrics`.
    pub fn register(&self, registry: &mut prometheus_client::registry::Registry) {
        self.inner.watchdog.register(registry);
    }

    /// The most processor time that a guest has had so far from one pause, where it can be stopped, to the next.
    pub fn longest_step(&self) -> std::time::Duration {
        self.inner.watchdog.longest_step()
    }

    /// Lets a component run again that was kept from it because a run of it could not be stopped; as long as that run still
    /// computes, nothing changes.
    pub fn readmit(&self, digest: &Digest) {
        self.inner.watchdog.readmit(digest);
    }

    /// Inspects, compiles and describes a component that is new here. Its code is kept for as long as the component is in
    /// memory; once it is installed, [`Engine::keep_code`] says so.
    pub async fn install(&self, bytes: Bytes) -> Result<(Component, Description), Refused> {
        self.install_for(None, bytes).await
    }

    /// The same for an organisation, whose share of turns and memory it uses.
    pub async fn install_for(
        &self,
        of: Option<&Organisation>,
        bytes: Bytes,
    ) -> Result<(Component, Description), Refused> {
        let content = bytes.clone();
        let digest = blocking(move || Ok(Digest::of(&content))).await?;
        let component = self.load_for(of, digest, bytes).await?;
        let description = component.describe(of).await?;
        Ok((component, description))
    }

    /// Makes a component ready to run: from the cache where it was compiled before, else compiled now.
    pub async fn load(&self, digest: Digest, bytes: Bytes) -> Result<Component, Refused> {
        self.load_for(None, digest, bytes).await
    }

    /// The same for an organisation, in its turn among those that have something compiled.
    async fn load_for(&self, of: Option<&Organisation>, digest: Digest, bytes: Bytes) -> Result<Component, Refused> {
        let most = self.inner.limits.component_bytes;
        if bytes.len() as u64 > most {
            return Err(Refused {
                code: analyte_core::codes::Code::TooLarge,
                message: format!("the component has {} bytes; {most} are allowed (limit component_bytes)", bytes.len()),
                causes: Vec::new(),
            });
        }
        let content = bytes.clone();
        let inspection = blocking(move || inspect(&content)).await?;
        let held = self.inner.cache.as_ref().map(|cache| cache.hold(digest));
        let (compiled, code_bytes) = self.compiled(of.cloned(), digest, bytes).await?;
        let this = self.clone();
        blocking(move || Component::new(this, digest, inspection, &compiled, (held, code_bytes))).await
    }

    /// A component's compiled code, and how many bytes it has.
    async fn compiled(
        &self,
        of: Holder,
        digest: Digest,
        bytes: Bytes,
    ) -> Result<(wasmtime::component::Component, u64), Refused> {
        let inner = &self.inner;
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let _turn = inner.compile_queue.turn(of).await;
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let this = self.clone();
        match (&inner.compiler, &inner.cache) {
            (Compiler::Child { program }, Some(cache)) => {
                let failed = |doing: &'static str| move |e: std::io::Error| Refused::host(doing).because(e.to_string());
                let (input, output) = (cache.temporary(&digest, "wasm"), cache.temporary(&digest, "code"));
                let written = tokio::fs::write(input.path(), &bytes).await;
                written.map_err(failed("the component could not be handed to the compiler"))?;
                compiler::in_child(program, input.path(), output.path(), &inner.limits).await?;
                let cache = cache.clone();
                blocking(move || {
                    let admitted =
                        cache.admit(output.path(), &digest).map_err(failed("compiled code could not be kept"))?;
                    let length = length(&admitted).map_err(failed("compiled code cannot be read"))?;
                    let loaded = this.inner.loading.load(&this.inner.wasmtime, &admitted);
                    Ok((loaded.map_err(|error| this.unloadable(&error))?, length))
                })
                .await
            }
            (Compiler::InProcess | Compiler::Child { .. }, _) => {
                blocking(move || {
                    let code =
                        compiler::in_process(&bytes, &this.inner.limits).map_err(|said| compiler::refusal(&said))?;
                    let loaded = load_code::fresh(&this.inner.wasmtime, &code);
                    Ok((loaded.map_err(|error| this.unloadable(&error))?, code.len() as u64))
                })
                .await
            }
        }
    }

    /// Why what was just compiled cannot be used: most often the component wants more than it may have.
    fn unloadable(&self, error: &wasmtime::Error) -> Refused {
        pool_limits::refusal(error, &self.inner.limits)
            .unwrap_or_else(|| Refused::host("compiled code cannot be loaded").because(format!("{error:#}")))
    }

    /// The compiled code of a component, where the cache has it and it can be used.
    async fn cached(&self, digest: Digest) -> Result<Option<(wasmtime::component::Component, u64)>, Refused> {
        let Some(cache) = self.inner.cache.clone() else { return Ok(None) };
        let this = self.clone();
        blocking(move || {
            let path = cache.path(&digest);
            let Ok(length) = length(&path) else { return Ok(None) };
            let loaded = this.inner.loading.load(&this.inner.wasmtime, &path).inspect_err(|error| {
                tracing::warn!(%digest, %error, "compiled code in the cache cannot be used; compiling again");
            });
            Ok(loaded.ok().map(|component| (component, length)))
        })
        .await
    }

    /// A component is installed: its compiled code stays on disk until [`Engine::let_code_go`].
    pub fn keep_code(&self, digest: Digest) {
        if let Some(cache) = &self.inner.cache {
            cache.keep(digest);
        }
    }

    /// A component is installed no more: its compiled code goes as soon as the component is in memory no more.
    pub fn let_code_go(&self, digest: &Digest) {
        if let Some(cache) = &self.inner.cache {
            cache.let_go(digest);
        }
    }

    /// Only these components are installed: all other compiled code goes, now and whenever it is needed no more. Without
    /// this call all code stays. No other process may use the folder.
    pub async fn keep_code_of_only(&self, installed: HashSet<Digest>) -> std::io::Result<()> {
        let Some(cache) = self.inner.cache.clone() else { return Ok(()) };
        tokio::task::spawn_blocking(move || cache.keep_only(installed)).await.map_err(std::io::Error::other)?
    }

    /// Everything large is reserved here first.
    pub fn budget(&self) -> &MemoryBudget {
        &self.inner.budget
    }

    /// The limits in force.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.inner.limits
    }

    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.inner.watchdog
    }

    /// How many memories of components there may be at once: fewer than usual where the address space is small.
    pub fn memories(&self) -> u32 {
        self.inner.memories
    }

    /// Waits until an instance waits for a place in the pool of instances. For one caller at a time.
    pub async fn places_wanted(&self) {
        self.inner.places.wanted().await;
    }

    pub(crate) fn places(&self) -> &PoolPlaces {
        &self.inner.places
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    pub(crate) fn linker(&self) -> &Linker<HostState> {
        &self.inner.linker
    }

    /// Threads for what takes long and no call waits behind; they give way to those that answer calls.
    pub fn computing_threads(&self) -> Handle {
        // Without threads of its own only while the engine is being dropped.
        self.guests().map_or_else(Handle::current, |(threads, _)| threads.clone())
    }

    /// The guests' threads, and the turns that guests take there.
    pub(crate) fn guests(&self) -> Option<(&Handle, &Turns)> {
        let GuestThreads { runtime, turns } = &self.inner.guests;
        runtime.as_ref().map(|runtime| (runtime.handle(), turns))
    }
}

fn length(path: &Path) -> std::io::Result<u64> {
    std::fs::metadata(path).map(|data| data.len())
}

/// Does what takes long on a thread that may be busy for a while.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Refused::host("making the component ready broke off").because(error.to_string())))
}
