//! A client that uses the server in the ordinary way while others misbehave.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::eventually;
use super::http::Http;

/// An ordinary call is answered within this.
const SERVED: Duration = Duration::from_secs(5);

/// Calls the server again and again, each time over a new connection; stops when dropped.
pub struct Probe {
    stop: Arc<AtomicBool>,
    took: Arc<Mutex<Vec<Duration>>>,
    thread: Option<JoinHandle<()>>,
}

impl Probe {
    /// Of this server.
    pub fn start(http: &Http) -> Self {
        let (stop, took) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (url, token, stopped, times) = (http.url.clone(), http.token.clone(), stop.clone(), took.clone());
        let thread = std::thread::spawn(move || {
            for path in ["/readyz", "/v1/jobs?limit=1", "/v1/providers"].into_iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let asked = Instant::now();
                Http::new(&url, &token).get(path).expect(200);
                times.lock().unwrap_or_else(PoisonError::into_inner).push(asked.elapsed());
                // Not to be what keeps the server busy.
                std::thread::park_timeout(Duration::from_millis(5));
            }
        });
        Self { stop, took, thread: Some(thread) }
    }

    /// Waits for further answers, so that some fell into the time of now, and says how long the longest of all took,
    /// which must not be too long.
    pub fn is_served(&self) -> Duration {
        self.is_served_within(SERVED)
    }

    /// The same where a longer time is to be expected.
    pub fn is_served_within(&self, most: Duration) -> Duration {
        let before = self.took().len();
        eventually("the server to go on serving others", || {
            assert!(self.thread.as_ref().is_some_and(|thread| !thread.is_finished()), "an ordinary call failed");
            (self.took().len() >= before + 4).then_some(())
        });
        let longest = self.took().iter().max().copied().unwrap_or_default();
        assert!(longest < most, "an ordinary call took {longest:?}");
        longest
    }

    fn took(&self) -> std::sync::MutexGuard<'_, Vec<Duration>> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // `is_served` reports a call that failed, so the thread's panic says nothing new.
            drop(thread.join());
        }
    }
}
