//! Watches guests from one pause to the next: measures their steps, and finds one that does not come to a pause.
//!
//! Steps are bounded, so none should ever be missed. This is the second line behind that, for what was overlooked: a guest
//! that has computed for `unpaused_ms` in one step is given up. Its caller gets an answer, a spare thread takes its
//! place while there are any, and its component is kept from running until an operator has acted. What counts is processor
//! time, so that neither a busy machine nor one that slept is taken for a guest that does not stop.
//!
//! A guest that comes back after all is dropped there and then.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Notify;

use crate::error::Refused;
use crate::schedule::fair_turns::Turns;
use crate::schedule::step::{self, processor_time};

/// Upper bounds of steps in seconds.
const SECONDS: [f64; 11] = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0, 10.0];
/// How often guests are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// All guests of an engine; clones share them.
#[derive(Clone)]
pub(crate) struct Watchdog {
    inner: Arc<Inner>,
}

struct Inner {
    /// The longest step that is not given up.
    most: Duration,
    steps: Histogram,
    /// Nanoseconds.
    longest: AtomicU64,
    guests: Mutex<HashMap<u64, Arc<Watched>>>,
    next: AtomicU64,
    /// Threads that compute for guests that were given up.
    lost: Gauge<i64, AtomicI64>,
    /// Threads that may still take the place of a lost one.
    spare: AtomicUsize,
    turns: Turns,
    /// Components that may not run, and how many of their guests were given up and still compute.
    barred: Mutex<HashMap<Digest, usize>>,
    /// Whether there are any.
    any_barred: AtomicBool,
}

/// One guest, as long as it lasts.
pub(crate) struct Guest {
    watchdog: Watchdog,
    number: u64,
    watched: Arc<Watched>,
}

struct Watched {
    component: Digest,
    /// For the log: whose run it is; `None` for what the server does for itself.
    organisation: Option<Organisation>,
    /// For the log: the job that it runs for, or what else it does.
    what: String,
    now: Mutex<Option<Step>>,
    /// It was given up.
    lost: AtomicBool,
    /// Its turn was given to another thread.
    replaced: AtomicBool,
    given_up: Notify,
}

#[derive(Clone, Copy)]
struct Step {
    began: Instant,
    /// Of the system.
    thread: u32,
    /// What the thread had had when the step began.
    before: Duration,
    /// Whether it is one of the guests' own threads.
    replaceable: bool,
}

impl Watchdog {
    /// Begins to watch. `spare` is the number of threads that may take the place of lost ones, with one more turn for each.
    pub(crate) fn begin(limits: &Limits, spare: usize, turns: Turns) -> std::io::Result<Self> {
        let inner = Arc::new(Inner {
            most: Duration::from_millis(limits.unpaused_ms),
            steps: Histogram::new(SECONDS),
            longest: AtomicU64::new(0),
            guests: Mutex::default(),
            next: AtomicU64::new(0),
            lost: Gauge::default(),
            spare: AtomicUsize::new(spare),
            turns,
            barred: Mutex::default(),
            any_barred: AtomicBool::new(false),
        });
        // A thread, not a task: where guests hold all threads of their runtime, its timers may stand still.
        let watched = Arc::downgrade(&inner);
        std::thread::Builder::new().name("guest-watch".to_owned()).spawn(move || look(&watched))?;
        Ok(Self { inner })
    }

    /// Adds its figures to what is answered to `GET /metrics`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "analyte_guest_step",
            "Processor time of a component from one pause, where it can be stopped, to the next",
            Unit::Seconds,
            self.inner.steps.clone(),
        );
        registry.register(
            "analyte_guest_threads_lost",
            "Threads that compute for a component that did not come to a pause and was given up",
            self.inner.lost.clone(),
        );
    }

    /// The longest step so far, in processor time.
    pub(crate) fn longest_step(&self) -> Duration {
        Duration::from_nanos(self.inner.longest.load(Ordering::Relaxed))
    }

    /// A guest begins.
    pub(crate) fn guest(&self, component: Digest, of: Option<&Organisation>, what: impl Into<String>) -> Guest {
        let watched = Arc::new(Watched {
            component,
            organisation: of.cloned(),
            what: what.into(),
            now: Mutex::default(),
            lost: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
            given_up: Notify::new(),
        });
        let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
        self.inner.guests.lock().insert(number, watched.clone());
        Guest { watchdog: self.clone(), number, watched }
    }

    /// Refuses a component that may not run.
    pub(crate) fn admits(&self, component: &Digest) -> Result<(), Refused> {
        if self.inner.any_barred.load(Ordering::Acquire) && self.inner.barred.lock().contains_key(component) {
            return Err(Refused {
                code: Code::ProviderUnavailable,
                message:
                    "a run of this component could not be stopped, so it runs no more until an operator has acted: \
                          the server is restarted, or the component is installed again when that run has gone"
                        .to_owned(),
                causes: Vec::new(),
            });
        }
        Ok(())
    }

    /// Lets a component run again, unless a guest of it that was given up still computes.
    pub(crate) fn readmit(&self, component: &Digest) {
        let mut barred = self.inner.barred.lock();
        if barred.get(component) == Some(&0) {
            barred.remove(component);
            self.inner.any_barred.store(!barred.is_empty(), Ordering::Release);
        }
    }
}

impl Guest {
    /// Does one step here and now, on a thread of others; also what processor time it took.
    pub(crate) fn step_here<T>(&self, length: Duration, step: impl FnOnce() -> T) -> (T, Duration) {
        self.step(length, false, step)
    }

    /// Does work on a thread of the guests, in steps; `None` where it was given up.
    pub(crate) async fn in_steps<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let done = {
            let mut work = pin!(work);
            poll_fn(|context| {
                let (polled, _) = self.step(step::LENGTH, true, || work.as_mut().poll(context));
                if self.watched.lost.load(Ordering::Acquire) { Poll::Ready(None) } else { polled.map(Some) }
            })
            .await
        };
        if done.is_none() {
            let inner = &self.watchdog.inner;
            inner.returned(&self.watched);
            if self.watched.replaced.load(Ordering::Acquire) {
                // This thread is spare from now on.
                inner.turns.remove_place();
                inner.spare.fetch_add(1, Ordering::AcqRel);
            }
        }
        done
    }

    /// What waits until this guest is given up.
    pub(crate) fn given_up(&self) -> impl Future<Output = ()> + Send + 'static {
        let watched = self.watched.clone();
        async move { watched.given_up.notified().await }
    }

    fn step<T>(&self, length: Duration, replaceable: bool, step: impl FnOnce() -> T) -> (T, Duration) {
        /// The step ends where it panics, too.
        struct Ended<'a>(&'a Watched);
        impl Drop for Ended<'_> {
            fn drop(&mut self) {
                *self.0.now.lock() = None;
            }
        }
        let before = processor_time();
        *self.watched.now.lock() = Some(Step { began: Instant::now(), thread: this_thread(), before, replaceable });
        let ended = Ended(&self.watched);
        let answer = step::within(length, before, step);
        let took = processor_time().saturating_sub(before);
        drop(ended);
        self.watchdog.inner.steps.observe(took.as_secs_f64());
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.watchdog.inner.longest.fetch_max(nanoseconds, Ordering::Relaxed);
        (answer, took)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.watchdog.inner.guests.lock().remove(&self.number);
    }
}

impl Inner {
    /// Gives up each guest that has computed for too long.
    fn look(&self) {
        let guests: Vec<_> = self.guests.lock().values().cloned().collect();
        for guest in guests {
            let Some(step) = *guest.now.lock() else { continue };
            if guest.lost.load(Ordering::Acquire) || step.began.elapsed() < self.most {
                continue;
            }
            // Where the thread cannot be looked at, what has gone by must do.
            let has_had = time_of(step.thread).map_or(step.began.elapsed(), |now| now.saturating_sub(step.before));
            if has_had >= self.most {
                self.give_up(&guest, step);
            }
        }
    }

    fn give_up(&self, guest: &Watched, step: Step) {
        let now = guest.now.lock();
        // It may have come to a pause meanwhile. While this is held it does not get past the end of its step.
        if !now.is_some_and(|now| now.began == step.began) {
            return;
        }
        let take = |spare: usize| spare.checked_sub(1);
        let replaced = step.replaceable && self.spare.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok();
        guest.replaced.store(replaced, Ordering::Release);
        guest.lost.store(true, Ordering::Release);
        *self.barred.lock().entry(guest.component).or_default() += 1;
        self.any_barred.store(true, Ordering::Release);
        self.lost.inc();
        drop(now);
        if replaced {
            self.turns.add_place();
        }
        tracing::error!(
            component = %guest.component,
            organisation = guest.organisation.as_ref().map(Organisation::as_str),
            run = %guest.what,
            thread = step.thread,
            replaced,
            "a component has computed for {:?} without a point where it can be stopped; it is given up and runs no more",
            step.began.elapsed()
        );
        guest.given_up.notify_one();
    }

    /// A guest that was given up has gone after all.
    fn returned(&self, guest: &Watched) {
        self.lost.dec();
        if let Some(computing) = self.barred.lock().get_mut(&guest.component) {
            *computing = computing.saturating_sub(1);
        }
        tracing::warn!(component = %guest.component, run = %guest.what, "a component that was given up has gone");
    }
}

fn look(watched: &Weak<Inner>) {
    while let Some(inner) = watched.upgrade() {
        inner.look();
        drop(inner);
        std::thread::park_timeout(EVERY);
    }
}

/// This thread, as the system calls it; 0 where it does not say.
fn this_thread() -> u32 {
    thread_local! {
        static THIS: u32 = {
            let path = std::fs::read_link("/proc/thread-self").unwrap_or_default();
            path.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
        };
    }
    THIS.with(|this| *this)
}

/// The processor time that a thread of this process has had so far.
fn time_of(thread: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    // The name may contain anything, so what follows it is counted: time in user and in system mode are the 12th and 13th.
    let (_, after) = text.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis((user + system).saturating_mul(1_000) / a_second))
}
