//! Whether a task wants to go on: wakes it, and remembers that.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

/// Until the task is wake.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Wakes a task and remembers it.
#[derive(Default)]
pub(crate) struct WakeFlag {
    flag: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl WakeFlag {
    /// One step of some work.
    pub(crate) fn poll<T>(
        self: &Arc<Self>,
        work: Pin<&mut impl Future<Output = T>>,
        context: &mut Context<'_>,
    ) -> Poll<T> {
        match &mut *self.task.lock() {
            Some(task) if task.will_wake(context.waker()) => {}
            task => *task = Some(context.waker().clone()),
        }
        self.flag.store(false, Ordering::Release);
        let waker = Waker::from(self.clone());
        work.poll(&mut Context::from_waker(&waker))
    }

    /// Whether it was woken since its last step began.
    pub(crate) fn wants_to_go_on(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.flag.store(true, Ordering::Release);
        // The lock is not held while the task is wake: that may drop it, and with it what holds this.
        let task = self.task.lock().clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}
