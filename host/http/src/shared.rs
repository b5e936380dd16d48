//! What all handlers share.

use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_jobs::{Manager, Shares};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::thingworx::ThingworxOptions;

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) manager: Manager,
    pub(crate) limits: Arc<Limits>,
    /// Turns at reading bodies.
    pub(crate) reading: Shares,
    /// Whether connections are encrypted by this server itself.
    pub(crate) tls: bool,
    /// How the ThingWorx surface is set up.
    pub(crate) thingworx: ThingworxOptions,
    /// Everything that is counted all along.
    pub(crate) registry: Arc<Registry>,
    /// Cancelled when the server begins to stop: answers without an end of their own end then.
    pub(crate) closing: CancellationToken,
}
