//! The one function that configures wasmtime, with the reason for each setting.

use analyte_core::limits::Limits;
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel};

use super::pool::pool;
use super::proposals::PROPOSALS;

/// How instances get their memory. It does not change compiled code, so a compiler and a server agree on the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// From a pool reserved ahead: a fresh instance costs microseconds.
    Pooled {
        /// For how many memories at once.
        memories: u32,
    },
    /// As needed. For a compiler, which needs no pool and could not reserve one under its address-space limit.
    OnDemand,
}

/// Host frames run on the guest's stack during a host call; this much is theirs.
const HOST_STACK: usize = 1 << 20;

pub(crate) fn config(allocation: Allocation, limits: &Limits) -> Config {
    let mut config = Config::new();
    for proposal in PROPOSALS {
        config.wasm_features(proposal.features, proposal.on);
    }
    // Fuel is the budget, and makes a guest pause while it computes; around its calls the hook does (run/call_hook.rs).
    config.consume_fuel(true);
    config.cranelift_opt_level(OptLevel::Speed);
    // The same component gives the same result on every machine.
    config.relaxed_simd_deterministic(true);
    // Endless recursion ends here, as a trap.
    let stack = usize::try_from(limits.stack_bytes).unwrap_or(usize::MAX);
    config.max_wasm_stack(stack);
    config.async_stack_size(stack.saturating_add(HOST_STACK));
    // Failure reports name functions.
    config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(32));
    // A compiler's process is its own; this one compiles next to nothing, and needs no threads for it.
    config.parallel_compilation(allocation == Allocation::OnDemand);
    match allocation {
        Allocation::OnDemand => {
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        }
        Allocation::Pooled { memories } => {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits, memories)));
        }
    }
    config
}
