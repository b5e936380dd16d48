//! How long single steps hold a thread that answers HTTP.
//!
//! A step is what a connection does between two waits: nothing else is answered on its thread meanwhile. What counts is
//! processor time, so that a busy machine does not look like a long step. Steps shorter than a millisecond, which nearly
//! all are, cost a look at the clock and are not counted.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::metrics::Metrics;

/// Shorter steps are not counted.
const SHORT: Duration = Duration::from_millis(1);
/// The thread's processor time at the beginning of a step may have been read so long before: the system takes long to tell
/// it. A step can so appear this much longer than it was.
const FRESH: Duration = Duration::from_micros(250);

thread_local! {
    /// When this thread last read how much processor time it had had, and how much that was.
    static READ: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Does this, and counts its long steps.
pub(crate) async fn counted<F: Future>(metrics: &Metrics, doing: F) -> F::Output {
    let mut doing = pin!(doing);
    poll_fn(|context| {
        let step = Step::begin();
        let polled = doing.as_mut().poll(context);
        if let Some(took) = step.long() {
            metrics.stalled(took);
        }
        polled
    })
    .await
}

/// A step that has begun.
struct Step {
    at: Instant,
    processor: Duration,
}

impl Step {
    fn begin() -> Self {
        let at = Instant::now();
        let read = READ.get().filter(|(read, _)| at.duration_since(*read) < FRESH);
        let processor = read.map_or_else(processor_time, |(_, processor)| processor);
        if read.is_none() {
            READ.set(Some((at, processor)));
        }
        Self { at, processor }
    }

    /// What it took, if that was long.
    fn long(&self) -> Option<Duration> {
        if self.at.elapsed() < SHORT {
            return None;
        }
        Some(processor_time().saturating_sub(self.processor)).filter(|took| *took >= SHORT)
    }
}

/// All that this thread has had so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_counts_by_the_processor_time_that_it_takes() {
        let step = Step::begin();
        assert_eq!(step.long(), None);
        let waiting = Step::begin();
        std::thread::park_timeout(4 * SHORT);
        assert!(waiting.long().is_none_or(|took| took < 4 * SHORT));
        let busy = Step::begin();
        let began = processor_time();
        while processor_time().saturating_sub(began) < 4 * SHORT {
            std::hint::spin_loop();
        }
        assert!(busy.long().is_some_and(|took| took >= 4 * SHORT));
    }
}
