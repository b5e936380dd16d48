//! What the store of one instance holds: what lasts from call to call, and what belongs to the call in progress.

use std::sync::Arc;

use analyte_core::limits::Limits;
use wasmtime::StoreContextMut;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::contract::bindings::analyte::plugin::analysis::AnalysisError;
use crate::host::interfaces::job::Job;
use crate::host::interfaces::log::Log;
use crate::host::interfaces::model_files::ModelFiles;
use crate::host::interfaces::result_files::ResultFiles;
use crate::host::interfaces::settings::Settings;
use crate::host::interfaces::wasi::{self, Wasi};
use crate::host::memory::Memory;
use crate::host::stderr_tail::StderrTail;
use crate::host::view::{Terms, View};
use crate::lift_lower::{Allowed, Transfer, UncheckedOutcome};

/// What one instance's host functions know.
pub(crate) struct HostState {
    pub(crate) wasi: Wasi,
    pub(crate) resources: ResourceTable,
    pub(crate) memory: Memory,
    /// What its result may carry.
    pub(crate) transfer: Transfer,
    /// The result of a run, where it was taken before the component cleared it away.
    pub(crate) taken: Option<Result<UncheckedOutcome, AnalysisError>>,
    pub(crate) call: Call,
    /// How many calls there were, this one included.
    number: u64,
}

/// What belongs to one call: set anew for each.
pub(crate) struct Call {
    pub(crate) terms: Terms,
    pub(crate) kept: Kept,
}

/// What each host interface keeps of a call.
pub(crate) struct Kept {
    pub(crate) job: Job,
    pub(crate) log: Log,
    pub(crate) settings: Settings,
    pub(crate) result_files: ResultFiles,
    pub(crate) model_files: ModelFiles,
}

impl Call {
    /// A call that has just begun.
    pub(crate) fn new(terms: Terms) -> Self {
        let kept = Kept {
            job: Job::new(&terms.limits),
            log: Log::new(&terms.limits),
            settings: Settings::default(),
            result_files: ResultFiles::default(),
            model_files: ModelFiles,
        };
        Self { terms, kept }
    }
}

impl HostState {
    pub(crate) fn new(limits: Arc<Limits>, memory_bytes: u64) -> Self {
        Self {
            wasi: Wasi::new(&limits),
            resources: ResourceTable::new(),
            memory: Memory::new(memory_bytes, limits.table_elements),
            transfer: Transfer::result(&limits),
            taken: None,
            call: Call::new(Terms::none(limits)),
            number: 0,
        }
    }

    /// Sets everything anew that belongs to one call.
    pub(crate) fn begin(&mut self, call: Call, transfer: Transfer) {
        self.number += 1;
        self.transfer = transfer;
        self.taken = None;
        self.memory.begin();
        self.wasi.output.clear();
        self.call = call;
    }

    /// What an interface finds of the call, given where it keeps its own part.
    pub(crate) fn view<S>(&mut self, own: fn(&mut Kept) -> &mut S) -> View<'_, S> {
        let Call { terms, kept } = &mut self.call;
        View { own: own(kept), terms, resources: &mut self.resources, number: self.number }
    }

    /// What an answer of the call may have.
    pub(crate) fn allowed(&self) -> Allowed {
        let limits = &self.call.terms.limits;
        Allowed { bytes: self.transfer.bytes, text: limits.transfer_bytes, warnings: limits.warnings }
    }

    /// What the component wrote to stderr in this call.
    pub(crate) fn output(&self) -> &StderrTail {
        &self.wasi.output
    }

    /// Has the guest pay for what WASI did for it since it last paid.
    pub(crate) fn pay(store: &mut StoreContextMut<'_, Self>) -> wasmtime::Result<()> {
        wasi::pay(store, |state| &mut state.wasi)
    }

    /// Takes the call away: between calls an instance holds nothing of the last one, neither its sink nor its grants.
    pub(crate) fn end(&mut self) -> Call {
        let none = Call::new(Terms::none(self.call.terms.limits.clone()));
        std::mem::replace(&mut self.call, none)
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.view(&mut self.resources)
    }
}
