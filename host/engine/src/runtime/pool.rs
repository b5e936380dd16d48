//! The pool that instances come from, and what of it one component may take.

use analyte_core::limits::Limits;
use wasmtime::{Enabled, PoolingAllocationConfig};

/// Memories of components that there may be at once, unless the address space is too small.
pub(crate) const MEMORIES: u32 = 1_000;

/// Memory of a pooled slot that stays resident between instances, where the kernel can tell which pages were touched.
/// Without that (Linux before 6.7) keeping pages resident costs more than it saves.
const KEEP_RESIDENT: usize = 1 << 20;

/// A pool with room for this many memories at once.
pub(crate) fn pool(limits: &Limits, memories: u32) -> PoolingAllocationConfig {
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let number = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::default();
    // 4 GiB is what a 32-bit component can address; the limiter of each run refuses growth beyond the run's own limit.
    pool.max_memory_size(1 << 32);
    pool.total_memories(memories);
    pool.max_memories_per_module(number(limits.module_memories));
    pool.max_memories_per_component(number(limits.component_memories));
    // Some components have several tables for each memory: their languages' runtimes are modules of their own.
    pool.total_tables(memories.saturating_mul(2));
    pool.table_elements(size(limits.table_elements));
    pool.max_tables_per_module(number(limits.component_tables));
    pool.max_tables_per_component(number(limits.component_tables));
    pool.total_component_instances(memories);
    pool.total_stacks(memories);
    // Only counted: they take nothing ahead.
    pool.total_core_instances(memories.saturating_mul(number(limits.core_instances)));
    pool.max_core_instances_per_component(number(limits.core_instances));
    pool.max_core_instance_size(size(limits.instance_bytes));
    pool.max_component_instance_size(size(limits.instance_bytes));
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes);
        pool.linear_memory_keep_resident(KEEP_RESIDENT);
        pool.table_keep_resident(KEEP_RESIDENT);
    }
    pool
}
