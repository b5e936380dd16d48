//! The one function that configures wasmtime, with the reason for each setting.

use analyte_core::limits::Limits;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// How instances get their memory. It does not change compiled code, so a compiler and a server agree on the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// From a pool reserved ahead: a fresh instance costs microseconds.
    Pooled,
    /// As needed. For a compiler, which needs no pool and could not reserve one under its address-space limit.
    OnDemand,
}

/// Memory of a pooled slot that stays resident between instances, where the kernel can tell which pages were touched.
/// Without that (Linux before 6.7) keeping pages resident costs more than it saves.
const KEEP_RESIDENT: usize = 1 << 20;

/// Host frames run on the guest's stack during a host call; this much is theirs.
const HOST_STACK: usize = 1 << 20;

pub(crate) fn config(allocation: Allocation, limits: &Limits) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // Fuel is the one mechanism for budget, yielding and cancelling.
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
    match allocation {
        Allocation::OnDemand => {
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        }
        Allocation::Pooled => {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
        }
    }
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    // 4 GiB is what a 32-bit component can address; the limiter of each run refuses growth beyond the run's own limit.
    pool.max_memory_size(1 << 32);
    pool.table_elements(usize::try_from(limits.table_elements).unwrap_or(usize::MAX));
    // A Python component has a dozen core instances; one slot of metadata holds them all.
    pool.max_component_instance_size(1 << 20);
    pool.max_core_instance_size(1 << 20);
    pool.max_memories_per_component(20);
    pool.max_tables_per_component(40);
    pool.max_core_instances_per_component(100);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes);
        pool.linear_memory_keep_resident(KEEP_RESIDENT);
        pool.table_keep_resident(KEEP_RESIDENT);
    }
    pool
}
