//! Guests take turns: each computes until its next pause, then the one that has waited longest goes on.
//!
//! A runtime alone would do that, too: whoever pauses goes to the end of its queue. But whoever is cancelled stands in that
//! queue as well, and is gone only after each of the others has computed for up to a slice. Here only as many guests as there
//! are threads stand in the runtime's queue, and the rest waits in a line of its own, so that the runtime comes to whoever
//! is to be dropped after a few slices. A guest that was waiting for the host goes to the end of the line like the others.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Turns of guests on so many threads. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    free: Arc<Semaphore>,
}

impl Turns {
    /// For so many threads.
    pub(crate) fn new(threads: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(threads)) }
    }

    /// Does work in turns: from one pause to the next each.
    pub(crate) async fn take<T>(self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let woken = Arc::new(Woken::default());
        // Nobody closes the semaphore; if somebody did, there would be no turns to wait for.
        let mut turn = self.free.acquire().await;
        loop {
            if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(woken.poll(work.as_mut(), context))).await {
                return done;
            }
            drop(turn);
            if woken.flag.load(Ordering::Acquire) {
                // It wants to go on. In line at once, not when the runtime comes to it again.
                let mut line = pin!(self.free.acquire());
                turn = match poll_fn(|context| Poll::Ready(line.as_mut().poll(context))).await {
                    // Nobody else waits, but the runtime may have other things to do first. It has been told to come back.
                    Poll::Ready(turn) => {
                        pause().await;
                        turn
                    }
                    Poll::Pending => line.await,
                };
            } else {
                // It waits for the host, and holds up nobody meanwhile.
                pause().await;
                turn = self.free.acquire().await;
            }
        }
    }
}

/// Until the task is woken.
async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Wakes a task and remembers it.
#[derive(Default)]
struct Woken {
    flag: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Woken {
    /// One step of some work; afterwards the flag tells whether it wants the next one.
    fn poll<T>(self: &Arc<Self>, work: Pin<&mut impl Future<Output = T>>, context: &mut Context<'_>) -> Poll<T> {
        match &mut *self.task.lock() {
            Some(task) if task.will_wake(context.waker()) => {}
            task => *task = Some(context.waker().clone()),
        }
        self.flag.store(false, Ordering::Release);
        let waker = Waker::from(self.clone());
        work.poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.flag.store(true, Ordering::Release);
        // The lock is not held while the task is woken: that may drop it, and with it what holds this.
        let task = self.task.lock().clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use tokio::task::yield_now;

    use super::*;

    /// Which worker did something, in order.
    type Log = Arc<Mutex<Vec<usize>>>;

    /// Pauses as guests do: wakes its task at once. ([`yield_now`] does so when the runtime has nothing else to do.)
    async fn pause_for_a_turn() {
        let mut paused = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// A worker that wants to go on for ever.
    async fn busy(number: usize, log: Log) {
        loop {
            log.lock().push(number);
            pause_for_a_turn().await;
        }
    }

    /// Notes how many turns there were when it was dropped.
    struct Told(Arc<AtomicUsize>, Log);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.store(self.1.lock().len(), Ordering::Release);
        }
    }

    #[tokio::test]
    async fn all_have_their_turns_in_order() {
        let (turns, log) = (Turns::new(1), Log::default());
        let workers: Vec<_> =
            (0..5).map(|number| tokio::spawn(turns.clone().take(busy(number, log.clone())))).collect();
        while log.lock().len() < 50 {
            yield_now().await;
        }
        // The first one goes on until the others are in line.
        let log = log.lock().split_off(10);
        assert!(log.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 5), "{log:?}");
        workers.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn whoever_is_dropped_waits_for_no_line() {
        let (turns, log, gone) = (Turns::new(1), Log::default(), Arc::new(AtomicUsize::new(0)));
        let workers: Vec<_> = (0..100)
            .map(|number| {
                let (work, told) = (busy(number, log.clone()), (number == 50).then(|| Told(gone.clone(), log.clone())));
                tokio::spawn(turns.clone().take(async move {
                    let _told = told;
                    work.await;
                }))
            })
            .collect();
        while log.lock().len() < 300 {
            yield_now().await;
        }
        let before = log.lock().len();
        workers[50].abort();
        while gone.load(Ordering::Acquire) == 0 {
            yield_now().await;
        }
        let gone = gone.load(Ordering::Acquire);
        assert!(gone - before <= 3, "{} turns of others came first", gone - before);
        // The turns go on without it.
        while log.lock().len() < gone + 200 {
            yield_now().await;
        }
        assert!(!log.lock()[gone..].contains(&50));
    }

    #[tokio::test]
    async fn whoever_waits_for_something_else_holds_no_turn() {
        let turns = Turns::new(1);
        let (say, heard) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(turns.clone().take(async move { heard.await.is_ok() }));
        yield_now().await;
        let done = tokio::time::timeout(
            Duration::from_secs(60),
            turns.take(async {
                yield_now().await;
                "done"
            }),
        );
        assert_eq!(done.await, Ok("done"));
        assert!(say.send(()).is_ok());
        assert!(waiting.await.is_ok_and(|heard| heard));
    }

    #[test]
    fn several_threads_share_them() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build();
        let (turns, total) = (Turns::new(4), 200);
        let count = runtime.expect("a runtime").block_on(async move {
            let work = || async {
                for _ in 0..100 {
                    pause_for_a_turn().await;
                }
                1
            };
            let workers: Vec<_> = (0..total).map(|_| tokio::spawn(turns.clone().take(work()))).collect();
            let mut count = 0;
            for worker in workers {
                count += worker.await.expect("a worker");
            }
            count
        });
        assert_eq!(count, total);
    }
}
