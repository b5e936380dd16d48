//! What a run on the server may use.

use clap::Args;

/// What each run may use; what is not given is as the server is configured.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RunLimits {
    /// Fuel units that a run may use (about one per executed instruction).
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Memory that the component may use.
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
    /// Time that a run may take, in milliseconds.
    #[arg(long, value_name = "MS")]
    timeout: Option<u64>,
}

/// Limits as the server takes them.
#[derive(Debug, serde::Serialize)]
pub(crate) struct RunLimitsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
}

impl RunLimits {
    /// For a request; `None` where nothing is asked for.
    pub(crate) fn body(self) -> Option<RunLimitsBody> {
        let Self { fuel, memory, timeout } = self;
        let asked = fuel.or(memory).or(timeout).is_some();
        asked.then_some(RunLimitsBody { fuel, memory_bytes: memory, timeout_ms: timeout })
    }
}
