//! What a component may call: one file per interface, all alike.
//!
//! Each file links its functions and says what they cost. Host calls burn no fuel by themselves, so every one charges a
//! fixed price and one for its bytes: a component that does nothing but call the host runs out like any other. A call is not
//! interrupted, so what one can cost is bounded: by `transfer_bytes` for what it carries, and by the function itself where
//! its parameters ask for more.

mod charge;
mod job;
mod log;
mod memory;
mod model_files;
pub(crate) mod result_files;
mod settings;
pub(crate) mod stderr_tail;
mod wasi;

use std::sync::Arc;
use std::time::Instant;

use analyte_core::limits::Limits;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::contract::bindings::analyte::plugin::analysis::AnalysisError;
use crate::host::stderr_tail::StderrTail;
use crate::lift_lower::{Allowed, UncheckedOutcome};
use crate::request::log_limits::{LogRoom, Pace};
use crate::request::stop::StopConditions;
use crate::request::{Discard, Grants, Identity, ModelFile, RunSink};
use crate::run::instance::Transfer;

use charge::{Owed, at_once, charge};
pub(crate) use memory::Memory;

/// What one instance's host functions know.
pub(crate) struct HostState {
    pub(crate) wasi: WasiCtx,
    pub(crate) resources: ResourceTable,
    pub(crate) memory: Memory,
    pub(crate) output: StderrTail,
    /// What its result may carry.
    pub(crate) transfer: Transfer,
    /// The result of a run, where it was taken before the component cleared it away.
    pub(crate) taken: Option<Result<UncheckedOutcome, AnalysisError>>,
    owed: Owed,
    pub(crate) call: Call,
    /// Which call into the instance this is, counted from 1: what the component kept of an earlier one is recognised by it.
    pub(crate) number: u64,
}

/// What belongs to one call: set anew for each.
pub(crate) struct Call {
    pub(crate) limits: Arc<Limits>,
    pub(crate) identity: Identity,
    pub(crate) grants: Arc<Grants>,
    pub(crate) model_file: Option<ModelFile>,
    pub(crate) sink: Arc<dyn RunSink>,
    pub(crate) deadline: Instant,
    pub(crate) stop_conditions: StopConditions,
    pub(crate) log_room: LogRoom,
    pub(crate) log_lines_dropped: u64,
    pub(crate) pace: Pace,
    pub(crate) files: result_files::Files,
    /// The first use of something that was not granted.
    pub(crate) denied: Option<String>,
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
        let (log_room, pace) = (LogRoom::new(&limits), Pace::new(&limits));
        Self {
            limits,
            identity,
            grants,
            model_file,
            sink,
            deadline,
            stop_conditions: StopConditions::default(),
            log_room,
            log_lines_dropped: 0,
            pace,
            files: result_files::Files::default(),
            denied: None,
        }
    }

    /// What stands in for a call while there is none: belongs to nobody, reaches nothing.
    fn none(limits: Arc<Limits>) -> Self {
        Self::new(limits, Identity::default(), Arc::default(), None, Arc::new(Discard), Instant::now())
    }
}

impl HostState {
    pub(crate) fn new(limits: Arc<Limits>, memory_bytes: u64) -> Self {
        let output = StderrTail::new(limits.stderr_bytes);
        Self {
            wasi: wasi::empty(&output),
            resources: ResourceTable::new(),
            memory: Memory::new(memory_bytes, limits.table_elements),
            output,
            transfer: Transfer::result(&limits),
            taken: None,
            owed: Owed::default(),
            call: Call::none(limits),
            number: 0,
        }
    }

    /// Sets everything anew that belongs to one call.
    pub(crate) fn begin(&mut self, call: Call, transfer: Transfer) {
        self.number += 1;
        self.transfer = transfer;
        self.taken = None;
        self.memory.begin();
        self.output.clear();
        self.call = call;
    }

    /// What an answer of the call may have.
    pub(crate) fn allowed(&self) -> Allowed {
        let limits = &self.call.limits;
        Allowed { bytes: self.transfer.bytes, text: limits.transfer_bytes, warnings: limits.warnings }
    }

    /// Takes the call away: between calls an instance holds nothing of the last one, neither its sink nor its grants.
    pub(crate) fn end(&mut self) -> Call {
        let none = Call::none(self.call.limits.clone());
        std::mem::replace(&mut self.call, none)
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.owed.call();
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// Everything that a component may import.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    wasi::link(&mut linker)?;
    job::link(&mut linker)?;
    log::link(&mut linker)?;
    settings::link(&mut linker)?;
    result_files::link(&mut linker)?;
    model_files::link(&mut linker)?;
    Ok(linker)
}

/// The beginning of a text, cut between characters, of at most this number of bytes.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
