//! Refuses growth beyond a run's limit.
//!
//! Refused, not trapped: the component's own allocator sees it and may report it in its own words. That it happened is
//! remembered, and a run that then fails is reported as `out-of-memory`.

use wasmtime::ResourceLimiter;

/// Counts the linear memories of one store together.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    now: u64,
    peak: u64,
    table_elements: u64,
    refused: bool,
}

impl Memory {
    pub(crate) fn new(limit: u64, table_elements: u64) -> Self {
        Self { limit, now: 0, peak: 0, table_elements, refused: false }
    }

    /// Begins a call: what follows is counted for it, from what the instance holds already.
    pub(crate) fn begin(&mut self) {
        self.peak = self.now;
        self.refused = false;
    }

    /// Highest use since the last call began, bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }
    /// The limit, bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }
    /// Whether growth was refused since the last call began.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.now.saturating_add((desired as u64).saturating_sub(current as u64));
        if wanted > self.limit {
            self.refused = true;
            return Ok(false);
        }
        self.now = wanted;
        self.peak = self.peak.max(wanted);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired as u64 <= self.table_elements;
        self.refused |= !fits;
        Ok(fits)
    }
}
