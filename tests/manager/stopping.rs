//! Guests that do not come back, as by a way that is not known yet: what becomes of their jobs.

use std::sync::atomic::AtomicBool;

use super::*;

/// The machine's clock, in which a component's thread that asks for the time loses itself: it computes on.
#[derive(Debug, Clone, Default)]
struct NeverBack {
    lost: Arc<AtomicBool>,
    found: Arc<AtomicBool>,
}

impl Clock for NeverBack {
    fn now(&self) -> Timestamp {
        // A run's progress is reported on the thread that it runs on.
        if std::thread::current().name() == Some("guest") {
            self.lost.store(true, Ordering::Release);
            while !self.found.load(Ordering::Acquire) {
                std::hint::spin_loop();
            }
        }
        SystemClock.now()
    }
}

/// A guest that holds its thread is found again when this is dropped, also where the test fails.
impl NeverBack {
    fn until_the_end(&self) -> impl Drop + use<> {
        struct Find(Arc<AtomicBool>);
        impl Drop for Find {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Release);
            }
        }
        Find(self.found.clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_that_the_guest_is_still_there_however_often_one_cancels() {
    let clock = NeverBack::default();
    let _found = clock.until_the_end();
    let (manager, _store) = with_provider(limits(), |options| options.clock = Arc::new(clock.clone())).await;
    let id = submitted(&manager, submission(&manager, "progress-flood")).await;
    until("the guest is lost", || clock.lost.load(Ordering::Acquire)).await;
    for _ in 0..2 {
        let answer = manager.cancel(&organisation(), id).await.expect("cancelled");
        assert_eq!((answer.job.status, answer.being_stopped), (Status::Cancelled, true));
    }
    clock.found.store(true, Ordering::Release);
    let answer = manager.cancel(&organisation(), id).await.expect("cancelled");
    assert_eq!((answer.job.status, answer.being_stopped), (Status::Cancelled, false));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_given_up_is_not_begun_again_by_a_restart() {
    let clock = NeverBack::default();
    let _found = clock.until_the_end();
    let limits = Limits { unpaused_ms: 300, ..limits() };
    let (manager, store) = with_provider(limits.clone(), |options| options.clock = Arc::new(clock.clone())).await;
    let id = submitted(&manager, submission(&manager, "progress-flood")).await;
    until("the guest is lost", || clock.lost.load(Ordering::Acquire)).await;
    ended(&manager, id).await;
    let given_up = manager.get(&organisation(), id).await.expect("the job").job;
    assert_eq!(
        (given_up.status, given_up.error().map(|failure| failure.code)),
        (Status::Failed, Some(Code::NotStopped))
    );
    // The server ends while the guest computes on.
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits, |_| ()).await;
    let done = submitted(&manager, submission(&manager, "noop")).await;
    ended(&manager, done).await;
    assert_eq!(manager.get(&organisation(), id).await.expect("the job").job, given_up);
    manager.stop(Duration::ZERO).await.expect("stopped");
}
