//! wasmtime by itself, with the very settings of the server's engine, so that a measurement can change one of them and
//! show the least cost of an instance. What a component imports is there as a trap: what a measurement runs here calls
//! no host.

use std::sync::OnceLock;

use analyte_core::limits::Limits;
use analyte_engine::proposals;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::clock::ProcessorTime;
use support::ok;
use support::plugins::plugin;

wasmtime::component::bindgen!({
    path: "../wit/0.1.0",
    world: "provider-plugin",
    exports: { default: async },
});

use self::analyte::plugin::tables::Table;
use exports::analyte::plugin::provider::{Outcome, Request};

#[path = "../../../host/engine/src/runtime/config.rs"]
mod config;
/// The engine's own files.
#[path = "../../../host/engine/src/runtime/pool.rs"]
mod pool;

/// Fuel between two yields, as the server has it.
const YIELD_FUEL: u64 = 1_000_000;

/// The plugin `kernels` on an engine of its own.
pub(crate) struct BareEngine {
    engine: Engine,
    component: ProviderPluginPre<()>,
    fuel: bool,
}

/// An instance that can be called once.
pub(crate) struct Instance {
    store: Store<()>,
    instance: ProviderPlugin,
}

impl BareEngine {
    /// Metered as in the server.
    pub(crate) fn with_fuel() -> &'static Self {
        static ENGINE: OnceLock<BareEngine> = OnceLock::new();
        ENGINE.get_or_init(|| Self::new(true))
    }

    /// Not metered.
    pub(crate) fn without_fuel() -> &'static Self {
        static ENGINE: OnceLock<BareEngine> = OnceLock::new();
        ENGINE.get_or_init(|| Self::new(false))
    }

    fn new(fuel: bool) -> Self {
        let mut config = config::config(config::Allocation::Pooled { memories: pool::MEMORIES }, &Limits::default());
        config.consume_fuel(fuel);
        let engine = ok(Engine::new(&config), "an engine");
        let component = ok(Component::from_file(&engine, plugin("kernels")), "a compiled component");
        let mut linker = Linker::new(&engine);
        ok(linker.define_unknown_imports_as_traps(&component), "imports");
        let component =
            ok(linker.instantiate_pre(&component).and_then(ProviderPluginPre::new), "a component that fits");
        Self { engine, component, fuel }
    }

    /// A fresh instance in a store of its own.
    pub(crate) async fn instance(&self) -> Instance {
        let mut store = Store::new(&self.engine, ());
        if self.fuel {
            ok(store.set_fuel(Limits::default().fuel), "fuel");
            ok(store.fuel_async_yield_interval(Some(YIELD_FUEL)), "yields");
        }
        let instance = ok(self.component.instantiate_async(&mut store).await, "an instance");
        Instance { store, instance }
    }
}

impl Instance {
    /// Runs a model on an empty table; the call's processor time in milliseconds.
    pub(crate) async fn run(mut self, model: &str, parameters: &str) -> (Outcome, f64) {
        let request = Request {
            model: model.to_owned(),
            input: Table { row_count: 0, columns: Vec::new() },
            parameters: parameters.to_owned(),
            extra: Vec::new(),
        };
        let began = ProcessorTime::now();
        let answer = self.instance.analyte_plugin_provider().call_run(&mut self.store, &request).await;
        let took = began.milliseconds();
        (ok(ok(answer, "a call that ends well"), "a result"), took)
    }
}
