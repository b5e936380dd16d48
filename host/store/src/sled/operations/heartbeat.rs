//! Says which leases no longer hold.

use analyte_core::names::RunKey;

use crate::Heartbeat;
use crate::sled::state::State;

/// A cancel here ends the lease at once, so nothing is ever only asked to stop: a run that is to stop has lost its
/// lease.
pub(crate) fn heartbeat(state: &State, node: &str, leases: Vec<RunKey>) -> Heartbeat {
    let holds = |run: &RunKey| {
        state
            .running
            .get(&run.lease)
            .is_some_and(|running| running.run == *run && running.node.as_deref().is_none_or(|holder| holder == node))
    };
    let lost = leases.into_iter().filter(|run| !holds(run)).collect();
    Heartbeat { lost, cancel_requested: Vec::new() }
}
