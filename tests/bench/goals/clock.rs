//! The time of day, as jobs have it, and the time that a computation took.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use analyte_core::timestamp::Timestamp;
use rustix::time::{ClockId, clock_gettime};

use support::ok;

/// Now.
pub(crate) fn now() -> Timestamp {
    let since = ok(SystemTime::now().duration_since(UNIX_EPOCH), "a clock that is set");
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A moment in the processor time of this thread. For what computes on one thread: what other programs do on the
/// machine counts less in it than in the time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessorTime(Duration);

impl ProcessorTime {
    /// All that this thread has had so far.
    pub(crate) fn now() -> Self {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Self(Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0)))
    }

    /// Milliseconds that it has had since.
    pub(crate) fn milliseconds(self) -> f64 {
        Self::now().0.saturating_sub(self.0).as_secs_f64() * 1_000.0
    }
}
