//! Refuses growth beyond a run's limit.
//!
//! Refused, not trapped: the component's own allocator sees it and may report it in its own words. That it happened is
//! remembered, and a run that then fails is reported as `out-of-memory`.

use async_trait::async_trait;
use wasmtime::ResourceLimiterAsync;

use crate::schedule::step::pause;

/// Counts the linear memories of one store together.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    now: u64,
    peak: u64,
    table_elements: u64,
    refused: bool,
    /// The run pauses once before it has more than this.
    pause_above: Option<u64>,
}

impl Memory {
    pub(crate) fn new(limit: u64, table_elements: u64) -> Self {
        Self { limit, now: 0, peak: 0, table_elements, refused: false, pause_above: None }
    }

    /// Begins a call: what follows is counted for it, from what the instance holds already.
    pub(crate) fn begin(&mut self) {
        self.peak = self.now;
        self.refused = false;
    }

    /// Has the run pause once before it has more than this number of bytes.
    pub(crate) fn pause_above(&mut self, bytes: u64) {
        self.pause_above = Some(bytes);
    }

    /// Highest use since the last call began, bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }
    /// What there is now, bytes.
    pub(crate) fn now(&self) -> u64 {
        self.now
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

#[async_trait]
impl ResourceLimiterAsync for Memory {
    async fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // What the memory itself does not allow is asked for all the same, and would be counted for nothing.
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let wanted = self.now.saturating_add((desired as u64).saturating_sub(current as u64));
        if wanted > self.limit {
            self.refused = true;
            return Ok(false);
        }
        if self.pause_above.is_some_and(|most| wanted > most) {
            self.pause_above = None;
            pause().await;
        }
        self.now = wanted;
        self.peak = self.peak.max(wanted);
        Ok(true)
    }

    async fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired as u64 <= self.table_elements;
        self.refused |= !fits;
        Ok(fits)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Grows to this number of bytes: how often it paused, and whether it may.
    fn grow(memory: &mut Memory, from: usize, to: usize) -> (usize, bool) {
        let mut growing = pin!(memory.memory_growing(from, to, None));
        let mut pauses = 0;
        loop {
            match growing.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => pauses += 1,
                Poll::Ready(allowed) => return (pauses, allowed.is_ok_and(|allowed| allowed)),
            }
        }
    }

    #[test]
    fn a_run_pauses_once_before_its_memory_is_large() {
        let mut memory = Memory::new(1_000, 0);
        memory.pause_above(100);
        assert_eq!(grow(&mut memory, 0, 100), (0, true));
        // Refused is refused, without a pause.
        assert_eq!(grow(&mut memory, 100, 1_001), (0, false));
        assert_eq!(grow(&mut memory, 100, 101), (1, true));
        assert_eq!(grow(&mut memory, 101, 1_000), (0, true));
        assert_eq!(memory.peak(), 1_000);
    }

    #[test]
    fn what_a_memory_does_not_allow_itself_is_not_counted() {
        let mut memory = Memory::new(1_000, 0);
        let answer = {
            let growing = pin!(memory.memory_growing(0, 100, Some(99)));
            growing.poll(&mut Context::from_waker(Waker::noop()))
        };
        assert!(matches!(answer, Poll::Ready(Ok(false))));
        assert_eq!((memory.peak(), memory.refused()), (0, false));
    }
}
