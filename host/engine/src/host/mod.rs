//! What a component may call: one file per interface, all alike.
//!
//! Each file links its functions and says what they cost. Host calls burn no fuel by themselves, so every one charges a
//! fixed price and one for its bytes: a component that does nothing but call the host runs out like any other.

mod job;
mod log;
mod memory;
mod model_files;
pub(crate) mod result_files;
mod settings;
mod wasi;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use analyte_core::limits::Limits;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{StoreContextMut, Trap};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::run::request::{Grants, Identity, ModelFile, RunSink};
use crate::tail::Tail;

pub(crate) use memory::Memory;

/// Fuel for any host call.
const CALL: u64 = 1_000;
/// Fuel for a byte that crosses.
const BYTE: u64 = 1;

/// What one instance's host functions know.
pub(crate) struct HostState {
    pub(crate) wasi: WasiCtx,
    pub(crate) resources: ResourceTable,
    pub(crate) memory: Memory,
    pub(crate) output: Tail,
    pub(crate) call: Call,
    /// The first use of something that was not granted.
    pub(crate) denied: Option<String>,
}

/// What belongs to one call: set anew for each.
pub(crate) struct Call {
    pub(crate) limits: Arc<Limits>,
    pub(crate) identity: Identity,
    pub(crate) grants: Arc<Grants>,
    pub(crate) model_file: Option<ModelFile>,
    pub(crate) sink: Arc<dyn RunSink>,
    pub(crate) deadline: Instant,
    pub(crate) log_bytes_left: u64,
    pub(crate) log_lines_dropped: u64,
    pub(crate) last_progress: Option<Instant>,
    pub(crate) held_back: Option<analyte_core::job::Progress>,
    pub(crate) file_names: HashSet<String>,
}

impl Call {
    pub(crate) fn new(
        limits: Arc<Limits>,
        identity: Identity,
        grants: Arc<Grants>,
        model_file: Option<ModelFile>,
        sink: Arc<dyn RunSink>,
        deadline: Instant,
    ) -> Self {
        let log_bytes_left = limits.log_bytes;
        Self {
            limits,
            identity,
            grants,
            model_file,
            sink,
            deadline,
            log_bytes_left,
            log_lines_dropped: 0,
            last_progress: None,
            held_back: None,
            file_names: HashSet::new(),
        }
    }
}

impl HostState {
    pub(crate) fn new(call: Call, memory_bytes: u64) -> Self {
        let output = Tail::new(call.limits.stderr_bytes);
        Self {
            wasi: wasi::empty(&output),
            resources: ResourceTable::new(),
            memory: Memory::new(memory_bytes, call.limits.table_elements),
            output,
            call,
            denied: None,
        }
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// Everything that a component may import.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    job::link(&mut linker)?;
    log::link(&mut linker)?;
    settings::link(&mut linker)?;
    result_files::link(&mut linker)?;
    model_files::link(&mut linker)?;
    Ok(linker)
}

/// The price of a host call that moves so many bytes.
fn charge(store: &mut StoreContextMut<'_, HostState>, bytes: usize) -> wasmtime::Result<()> {
    let price = CALL.saturating_add(BYTE.saturating_mul(bytes as u64));
    let left = store.get_fuel()?;
    if let Some(rest) = left.checked_sub(price) {
        return store.set_fuel(rest);
    }
    store.set_fuel(0)?;
    Err(Trap::OutOfFuel.into())
}

/// At most so many bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
