//! Engines: the models that an organisation may use. A provider is their category, its component their build.

use std::sync::Arc;

use analyte_jobs::{Model, Provider};

/// An engine.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) provider: Arc<Provider>,
    pub(crate) model: Arc<Model>,
}

/// A category of engines.
pub(crate) struct EngineCategory(pub(crate) Arc<Provider>);

/// A version of an engine.
pub(crate) struct Build(pub(crate) Engine);
