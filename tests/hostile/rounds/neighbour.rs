//! An organisation that uses the server in the ordinary way while another one attacks it, and measures.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use support::eventually;
use support::http::Http;

/// Of as many calls of each kind it is said how long they take while nothing else goes on.
const ENOUGH: usize = 60;
/// Not to be what keeps the server busy.
const PAUSE: Duration = Duration::from_millis(5);

/// Calls models and submits jobs, one after the other, until it is dropped.
pub(super) struct Neighbour {
    stop: Arc<AtomicBool>,
    calls: Arc<Mutex<Vec<Call>>>,
    thread: Option<JoinHandle<()>>,
}

/// One call that was answered.
#[derive(Clone, Copy)]
struct Call {
    job: bool,
    asked: Instant,
    took: Duration,
}

impl Neighbour {
    /// With these credentials; uses the plugin `rows`.
    pub(super) fn start(http: Http) -> Self {
        let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopped, kept) = (stop.clone(), calls.clone());
        let thread = std::thread::spawn(move || {
            let mut job = false;
            while !stopped.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let took = if job { self::job(&http) } else { execute(&http) };
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(Call { job, asked, took });
                job = !job;
                std::thread::park_timeout(PAUSE);
            }
        });
        Self { stop, calls, thread: Some(thread) }
    }

    /// How long calls take that are made from now on until there are enough of them.
    pub(super) fn undisturbed(&self) -> Figures {
        let from = Instant::now();
        eventually("the neighbour to be served", || {
            assert!(self.thread.as_ref().is_some_and(|thread| !thread.is_finished()), "a call of the neighbour failed");
            let figures = self.since(from);
            (figures.execute.count >= ENOUGH && figures.job.count >= ENOUGH).then_some(figures)
        })
    }

    /// How long calls took that were made since then, and one at least of each kind, however short it was.
    pub(super) fn beside(&self, from: Instant) -> Figures {
        let until = Instant::now();
        eventually("the neighbour to be served", || {
            assert!(self.thread.as_ref().is_some_and(|thread| !thread.is_finished()), "a call of the neighbour failed");
            // One that was asked before and is not answered yet belongs to it.
            let later = |call: &Call| call.asked >= until;
            self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().any(later).then_some(())
        });
        eventually("the neighbour to be served in both ways", || {
            let figures = self.since(from);
            (figures.execute.count > 0 && figures.job.count > 0).then_some(figures)
        })
    }

    fn since(&self, from: Instant) -> Figures {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        // Also the ones that were under way when it began.
        let times = |job: bool| {
            let counted = |call: &&Call| call.job == job && call.asked + call.took >= from;
            Times::of(calls.iter().filter(counted).map(|call| call.took).collect())
        };
        Figures { execute: times(false), job: times(true) }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Its failure was shown above, or will be by what it left undone.
            drop(thread.join());
        }
    }
}

/// One call that runs a model at once.
fn execute(http: &Http) -> Duration {
    let asked = Instant::now();
    http.post("/v1/providers/rows/models/rows/execute", &json!([{"value": 1}])).expect(200);
    asked.elapsed()
}

/// One job, from its submission to its end; removed afterwards, which is not counted.
fn job(http: &Http) -> Duration {
    let asked = Instant::now();
    let body = json!({"provider": "rows", "model": "rows", "input": [{"value": 1}]}).to_string();
    let headers = [("content-type", "application/json"), ("prefer", "wait=60")];
    let ended = http.call("POST", "/v1/jobs", &headers, Some(body.as_bytes())).expect(200).json();
    let took = asked.elapsed();
    assert_eq!(ended["status"], "completed", "{ended}");
    http.delete(&format!("/v1/jobs/{}", ended["id"].as_str().unwrap_or_default())).expect(204);
    took
}

/// How long both kinds of calls take.
#[derive(Clone, Copy)]
pub(super) struct Figures {
    pub(super) execute: Times,
    pub(super) job: Times,
}

/// How long calls of one kind take.
#[derive(Clone, Copy)]
pub(super) struct Times {
    count: usize,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
        Self { count: times.len(), p50: at(50), p99: at(99) }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { execute, job } = self;
        write!(f, "execute {execute}, job {job} ms")
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        write!(f, "{:.1} / {:.1}", ms(self.p50), ms(self.p99))
    }
}
