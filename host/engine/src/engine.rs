//! The engine: inspects, compiles and loads components, which then run on its platform.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use analyte_core::shares::Holder;
use bytes::Bytes;
use tokio::runtime::Handle;

use crate::compile::cache::Cache;
use crate::compile::compiler::{self, Compiler};
use crate::compile::queue::CompileQueue;
use crate::component::inspect::inspect;
use crate::component::platform::Platform;
use crate::component::{Component, Description};
use crate::error::{EngineError, Refused};
use crate::machine::budget::{MemoryBudget, Reservation};
use crate::runtime::load_code::{self, Loading};
use crate::runtime::pool_limits;
use crate::schedule::blocking::blocking;

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

struct Inner {
    platform: Platform,
    compiler: Compiler,
    cache: Option<Arc<Cache>>,
    loading: Loading,
    compile_queue: CompileQueue,
}

impl Engine {
    /// Sets everything up. Takes no component yet.
    pub fn new(options: Options) -> Result<Self, EngineError> {
        let platform = Platform::start(options.limits, options.threads.max(1))?;
        let io = |doing: String| |source| EngineError::Io { doing, source };
        let cache = match &options.cache_dir {
            None => None,
            Some(folder) => Some(Arc::new(
                Cache::open(folder, platform.wasmtime())
                    .map_err(io(format!("making the folder {} for compiled code", folder.display())))?,
            )),
        };
        let loading = match &options.cache_dir {
            None => Loading::Read,
            Some(folder) => Loading::from(folder).map_err(io(format!("looking at the folder {}", folder.display())))?,
        };
        let compile_queue = CompileQueue::default();
        let inner = Inner { platform, compiler: options.compiler, cache, loading, compile_queue };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Adds the figures of its guests to what is answered to `GET /metrics`.
    pub fn register(&self, registry: &mut prometheus_client::registry::Registry) {
        self.inner.platform.watchdog().register(registry);
    }

    /// The most processor time that a guest has had so far from one pause, where it can be stopped, to the next.
    pub fn longest_step(&self) -> std::time::Duration {
        self.inner.platform.watchdog().longest_step()
    }

    /// Lets a component run again that was kept from it because a run of it could not be stopped; as long as that run still
    /// computes, nothing changes.
    pub fn readmit(&self, digest: &Digest) {
        self.inner.platform.watchdog().readmit(digest);
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
        let most = self.limits().component_bytes;
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
        let platform = self.inner.platform.clone();
        blocking(move || Component::new(platform, digest, inspection, &compiled, (held, code_bytes))).await
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
                compiler::in_child(program, input.path(), output.path(), self.limits()).await?;
                let cache = cache.clone();
                blocking(move || {
                    let admitted =
                        cache.admit(output.path(), &digest).map_err(failed("compiled code could not be kept"))?;
                    let length = length(&admitted).map_err(failed("compiled code cannot be read"))?;
                    let loaded = this.inner.loading.load(this.inner.platform.wasmtime(), &admitted);
                    Ok((loaded.map_err(|error| this.unloadable(&error))?, length))
                })
                .await
            }
            (Compiler::InProcess | Compiler::Child { .. }, _) => {
                blocking(move || {
                    let code = compiler::in_process(&bytes, this.limits()).map_err(|said| compiler::refusal(&said))?;
                    let loaded = load_code::fresh(this.inner.platform.wasmtime(), &code);
                    Ok((loaded.map_err(|error| this.unloadable(&error))?, code.len() as u64))
                })
                .await
            }
        }
    }

    /// Why what was just compiled cannot be used: most often the component wants more than it may have.
    fn unloadable(&self, error: &wasmtime::Error) -> Refused {
        pool_limits::refusal(error, self.limits())
            .unwrap_or_else(|| Refused::host("compiled code cannot be loaded").because(format!("{error:#}")))
    }

    /// The compiled code of a component, where the cache has it and it can be used.
    async fn cached(&self, digest: Digest) -> Result<Option<(wasmtime::component::Component, u64)>, Refused> {
        let Some(cache) = self.inner.cache.clone() else { return Ok(None) };
        let this = self.clone();
        blocking(move || {
            let path = cache.path(&digest);
            let Ok(length) = length(&path) else { return Ok(None) };
            let loaded = this.inner.loading.load(this.inner.platform.wasmtime(), &path).inspect_err(|error| {
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
        self.inner.platform.budget()
    }

    /// The limits in force.
    pub fn limits(&self) -> &Arc<Limits> {
        self.inner.platform.limits()
    }

    /// Makes room in the memory budget for a run of this organisation with these limits, at once or not at all; see
    /// [`Component::room_for`].
    pub fn try_room_for(&self, of: Option<&Organisation>, limits: RunLimits) -> Option<Reservation> {
        self.budget().try_reserve_whole(of, self.inner.platform.run_bytes(limits))
    }

    /// The same for a task that was queued.
    pub fn try_room_for_queued(&self, of: &Organisation, limits: RunLimits) -> Option<Reservation> {
        self.budget().try_reserve_queued(of, self.inner.platform.run_bytes(limits))
    }

    /// How many memories of components there may be at once: fewer than usual where the address space is small.
    pub fn memories(&self) -> u32 {
        self.inner.platform.memories()
    }

    /// Waits until an instance waits for a place in the pool of instances. For one caller at a time.
    pub async fn places_wanted(&self) {
        self.inner.platform.places().wanted().await;
    }

    /// Threads for what takes long and no call waits behind; they give way to those that answer calls.
    pub fn computing_threads(&self) -> Handle {
        // Without threads of its own only while the engine is being dropped.
        self.inner.platform.guests().map_or_else(Handle::current, |(threads, _)| threads.clone())
    }
}

fn length(path: &Path) -> std::io::Result<u64> {
    std::fs::metadata(path).map(|data| data.len())
}
