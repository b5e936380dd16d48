//! A compiled component, ready to run: [`inspect`] looks at its imports and exports before it is compiled, [`validate`] judges what
//! it says of itself.

pub mod inspect;
pub(crate) mod platform;
pub(crate) mod validate;

use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::model::{ModelInfo, ProviderInfo};
use analyte_core::names::Organisation;
use analyte_core::shares::Holder;
use wasmtime::component::InstancePre;

use crate::compile::cache::Held;
use crate::component::inspect::{Inspection, Kind};
use crate::component::platform::Platform;
use crate::contract;
use crate::contract::bindings::exports::analyte::plugin::{model, provider};
use crate::error::Refused;
use crate::host::HostState;
use crate::lift_lower::RunFunction;
use crate::runtime::pool_places::PoolPlace;
use crate::schedule::inline_run::{RunHistories, RunHistory};

/// Clones share everything.
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    platform: Platform,
    digest: Digest,
    inspection: Inspection,
    pre: InstancePre<HostState>,
    exports: Exports,
    /// Apart from the others: loading all functions of the interface would check the types of each, in every instance.
    run: RunFunction,
    histories: RunHistories,
    code_bytes: u64,
    /// What one of its instances takes of the pool, in memories.
    places: u32,
    /// Last, so that the code is in use no more when it is let go of; `None`: it is kept nowhere.
    _code: Option<Held>,
}

/// Where a component's functions are, looked up once.
pub(crate) enum Exports {
    Provider(provider::GuestIndices),
    Model(model::GuestIndices),
}

/// What a component says of itself, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its world.
    pub kind: Kind,
    /// What it says of itself as a provider; for a model component only its capabilities.
    pub provider: ProviderInfo,
    /// Its models; exactly one for a model component.
    pub models: Vec<ModelInfo>,
    /// Names of everything it imports.
    pub imports: Vec<String>,
    /// Bytes of all this as it is kept, in JSON.
    pub written_bytes: u64,
}

impl Component {
    pub(crate) fn new(
        platform: Platform,
        digest: Digest,
        inspection: Inspection,
        compiled: &wasmtime::component::Component,
        (code, code_bytes): (Option<Held>, u64),
    ) -> Result<Self, Refused> {
        let misfit = |error: wasmtime::Error| {
            Refused::component("the component does not fit the contract").because(format!("{error:#}"))
        };
        // Else the first run would do it, in one step.
        compiled
            .initialize_copy_on_write_image()
            .map_err(|error| Refused::host("the component's data cannot be laid out").because(format!("{error:#}")))?;
        let pre = platform.linker().instantiate_pre(compiled).map_err(misfit)?;
        let (exports, interface) = match inspection.kind {
            Kind::Provider => {
                (Exports::Provider(provider::GuestIndices::new(&pre).map_err(misfit)?), contract::PROVIDER)
            }
            Kind::Model => (Exports::Model(model::GuestIndices::new(&pre).map_err(misfit)?), contract::MODEL),
        };
        let interface = contract::whole_name(interface);
        let run = compiled
            .get_export_index(None, &interface)
            .and_then(|interface| compiled.get_export_index(Some(&interface), "run"))
            .ok_or_else(|| Refused::component(format!("the component's `{interface}` has no `run`")))?;
        // Nothing is known of one that imports modules, which none can that fits the contract.
        let places = compiled.resources_required().map_or(u32::MAX, |needs| {
            // There are two tables for each memory.
            needs.num_memories.max(needs.num_tables.div_ceil(2)).max(1)
        });
        let histories = RunHistories::default();
        let inner = Inner {
            platform,
            digest,
            inspection,
            pre,
            exports,
            run: RunFunction::new(run),
            histories,
            code_bytes,
            places,
            _code: code,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Of its bytes.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// Its world.
    pub fn kind(&self) -> Kind {
        self.inner.inspection.kind
    }

    /// Bytes of its compiled code.
    pub fn code_bytes(&self) -> u64 {
        self.inner.code_bytes
    }

    /// How many places one of its instances takes of those that there are ([`Engine::memories`](crate::Engine::memories)).
    pub fn places(&self) -> u32 {
        self.inner.places
    }

    /// Waits for the places of one instance.
    pub(crate) async fn place(&self) -> Result<PoolPlace, Refused> {
        self.platform().places().take(self.inner.places).await
    }

    /// What its outside says.
    pub fn inspection(&self) -> &Inspection {
        &self.inner.inspection
    }

    /// What it runs on.
    pub(crate) fn platform(&self) -> &Platform {
        &self.inner.platform
    }

    pub(crate) fn pre(&self) -> &InstancePre<HostState> {
        &self.inner.pre
    }

    /// Whether an organisation's runs of it (`None`: those of no organisation) have been short often enough to expect that of
    /// the next one.
    pub fn is_quick(&self, of: Option<&Organisation>) -> bool {
        self.inner.histories.of(&of.cloned()).trusted()
    }

    /// The organisations whose runs of it have been short often enough to expect that of the next one: some 0.1 ms.
    pub fn trusted_for(&self) -> Vec<Organisation> {
        self.inner.histories.trusted()
    }

    /// What is known of how long an organisation's runs of it take.
    pub(crate) fn history(&self, holder: &Holder) -> Arc<RunHistory> {
        self.inner.histories.of(holder)
    }

    /// Its `run`.
    pub(crate) fn run_function(&self) -> &RunFunction {
        &self.inner.run
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.inner.exports
    }
}
