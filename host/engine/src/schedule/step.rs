//! A step: what a guest computes from one pause to the next.
//!
//! A pause is where a guest can be stopped, and where others have their turns. Fuel counts instructions, and says nothing
//! of what one instruction or one host call costs, so beside the pauses that fuel makes there are those that time makes: the
//! thread knows until when the step that it is in may last, and [hooks](crate::run::call_hook) around every host call ask.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// How long a step may last before the next host call ends it.
pub(crate) const LENGTH: Duration = Duration::from_millis(5);

/// The most that is copied in one go, in bytes: some 0.2 ms where the pages have not been used before.
pub(crate) const PIECE: usize = 1 << 20;

thread_local! {
    /// The step that this thread is in.
    static NOW: Cell<Option<Step>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Step {
    /// What the thread had had when the step began.
    before: Duration,
    length: Duration,
    /// Not over before this.
    until: Instant,
}

/// Does one step, which may last `length`; `before` is the thread's [`processor_time`] now.
pub(crate) fn within<T>(length: Duration, before: Duration, step: impl FnOnce() -> T) -> T {
    /// The step ends where it panics, too.
    struct Ended;
    impl Drop for Ended {
        fn drop(&mut self) {
            NOW.set(None);
        }
    }
    NOW.set(Some(Step { before, length, until: Instant::now() + length }));
    let _ended = Ended;
    step()
}

/// Whether the step has lasted long enough, in processor time. Outside of any there is nothing to go on with.
pub(crate) fn is_over() -> bool {
    let Some(step) = NOW.get() else { return true };
    let now = Instant::now();
    if now < step.until {
        return false;
    }
    // Asking for processor time is a call of the system, so it is asked for only where it may be up: the thread may have waited
    // for others of the machine meanwhile.
    let left = step.length.saturating_sub(processor_time().saturating_sub(step.before));
    NOW.set(Some(Step { until: now + left, ..step }));
    left.is_zero()
}

/// Pauses where the step has lasted long enough.
pub(crate) async fn breathe() {
    if is_over() {
        pause().await;
    }
}

/// Ends the step: lets others have their turns first, and a caller that waits for the guest stop it.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// All that this thread has had so far.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
#[expect(clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_over_after_its_time_and_outside_of_any() {
        const LONG: Duration = Duration::from_secs(3_600);
        assert!(is_over());
        assert!(!within(LONG, processor_time(), is_over));
        assert!(within(Duration::ZERO, processor_time(), is_over));
        let panicked = std::panic::catch_unwind(|| within(LONG, processor_time(), || panic!("on purpose")));
        assert!(panicked.is_err() && is_over());
    }

    #[test]
    fn what_a_thread_waits_for_others_does_not_count() {
        let length = Duration::from_millis(20);
        within(length, processor_time(), || {
            std::thread::park_timeout(length * 2);
            assert!(!is_over());
            while !is_over() {}
        });
    }
}
