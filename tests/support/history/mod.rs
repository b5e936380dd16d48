//! What clients asked and the server answered, and whether the rules of a job's life explain all of it.
//!
//! Clients record through [`recorder::Recorder`]; [`check::check`] replays the whole history. It knows nothing of how the
//! server works: it states the rules a second time, from the outside, so that a mistake in the one state machine is not
//! repeated here.
//!
//! Time is a counter that every client draws from before it asks and after it got the answer, so that of two calls
//! either one ended before the other began, or they overlapped and nothing is said about their order. What a call
//! without an answer did, it may have done at any time until the next crash.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

pub mod check;
mod events;
mod life;
pub mod notices;
pub mod recorder;
mod submissions;

/// A draw from the counter.
pub type Tick = u64;

/// What came of a client's call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// It was done.
    Done(T),
    /// It was not, for this reason.
    Refused {
        /// The status.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// The connection broke: it may have been done, or not.
    Unknown,
}

/// How a job ends that is neither cancelled nor hit by crashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// With a result.
    Completed,
    /// With this code.
    Failed(&'static str),
}

/// A job that a client submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// As the server showed it in its answer.
    pub job: Value,
    /// Whether the answer said that it is new, not one submitted before. A batch says nothing of it; without a key it must
    /// be new.
    pub new: bool,
}

/// One event of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEvent {
    /// Its number.
    pub id: u64,
    /// `status`, `progress` or `log`.
    pub kind: String,
    /// What it says.
    pub data: Value,
}

/// What was asked and answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A submission.
    Submit {
        /// Its idempotency key.
        key: Option<String>,
        /// Its custom data, a text that stands for the whole body: bodies that differ have different ones.
        body: String,
        /// What such a job comes to.
        ends: Ends,
        /// What the server answered.
        answer: Answer<Made>,
    },
    /// A client saw a job, alone or in a list.
    Seen(Value),
    /// There is no such job.
    Missing(String),
    /// Each and every job, while no client submitted or purged.
    Everything(Vec<Value>),
    /// A client asked to cancel the job.
    Cancel(String, Answer<Value>),
    /// A client asked to run the job again, in place.
    Retry(String, Answer<Value>),
    /// A client asked to run the job again, as a copy.
    Copy(String, Answer<Value>),
    /// A client asked to purge the job.
    Purge(String, Answer<()>),
    /// A client read the job's result; the digest of what came.
    Results(String, Answer<String>),
    /// A client read the job's events.
    Events {
        /// Of which job.
        job: String,
        /// From the first one that is kept.
        events: Vec<JobEvent>,
        /// Whether the server ended the stream, which it does after the end state.
        closed: bool,
    },
    /// The server was killed.
    Crash,
    /// The server was asked to stop, and did.
    Drain,
}

/// One act and when it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Before the request was sent.
    pub asked: Tick,
    /// After its answer had come, or the connection had broken.
    pub answered: Tick,
    /// What it was.
    pub act: Act,
}

/// All that was recorded, by any number of clients.
#[derive(Debug, Default)]
pub struct History {
    clock: AtomicU64,
    records: Mutex<Vec<Record>>,
}

impl History {
    /// The next tick.
    pub fn tick(&self) -> Tick {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Keeps records that were made elsewhere.
    pub fn of(records: Vec<Record>) -> Self {
        let next = records.iter().map(|record| record.answered + 1).max().unwrap_or(0);
        Self { clock: AtomicU64::new(next), records: Mutex::new(records) }
    }

    /// Says which rules are broken; `over` as for [`check::check`].
    pub fn broken(&self, over: bool) -> Vec<check::Violation> {
        check::check(&self.lock(), over)
    }

    /// Keeps what a client asked at `asked` and what the server answered just now.
    pub fn record(&self, asked: Tick, act: Act) {
        let answered = self.tick();
        self.lock().push(Record { asked, answered, act });
    }

    /// How many records there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Fails the test if rules were broken; `over` as for [`check::check`].
    pub fn must_hold(&self, over: bool) {
        let found = self.broken(over);
        let first: Vec<String> = found.iter().take(20).map(ToString::to_string).collect();
        let about = self.about(&first.join("\n"));
        assert!(found.is_empty(), "{} rules were broken:\n{}\n{about}", found.len(), first.join("\n"));
    }

    /// What was recorded of the first few jobs that are named in this text.
    fn about(&self, text: &str) -> String {
        let records = self.lock();
        let named: BTreeSet<&str> = records.iter().filter_map(|record| record.act.job()).collect();
        let named = named.into_iter().filter(|job| text.contains(job)).take(3);
        let lines = named.flat_map(|job| {
            let of_job = records.iter().filter(move |record| record.act.job() == Some(job));
            of_job.map(|record| format!("{}..{} {:?}", record.asked, record.answered, record.act))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Forgets all but what concerns these jobs. Only after [`Act::Everything`] was recorded and checked, with all that
    /// must still exist: a submission that came to nothing by then will come to nothing.
    pub fn keep_only(&self, jobs: &HashSet<String>) {
        let mut records = self.lock();
        // A key whose earlier job was purged has refused bodies for reasons that are forgotten with it.
        let keys: HashSet<String> = submissions::keys(&records)
            .into_iter()
            .filter(|(_, ids)| ids.iter().all(|id| jobs.contains(*id)))
            .map(|(key, _)| key.to_owned())
            .collect();
        let all = submissions::jobs(&records);
        let kept = || all.iter().filter(|(id, _)| jobs.contains(**id)).map(|(_, job)| *job);
        let bodies: HashSet<String> = kept().map(|job| text(job, "custom_data").to_owned()).collect();
        let originals: HashSet<String> = kept().map(|job| text(job, "retry_of").to_owned()).collect();
        let concerns = |act: &Act| match act {
            Act::Submit { body, answer: Answer::Unknown, .. } => bodies.contains(body),
            Act::Submit { key, body, answer: Answer::Refused { .. }, .. } => {
                bodies.contains(body) && key.as_ref().is_some_and(|key| keys.contains(key))
            }
            Act::Copy(original, _) => jobs.contains(original) || originals.contains(original),
            Act::Crash | Act::Drain => true,
            act => act.job().is_some_and(|job| jobs.contains(job)),
        };
        let kept = std::mem::take(&mut *records).into_iter().flat_map(|record| {
            let (asked, answered) = (record.asked, record.answered);
            let acts = match record.act {
                Act::Everything(all) => all.into_iter().map(Act::Seen).filter(concerns).collect(),
                // The copy is gone; that one was asked for still explains others.
                Act::Copy(original, Answer::Done(copy)) if !jobs.contains(id(&copy)) => {
                    let act = Act::Copy(original, Answer::Unknown);
                    if concerns(&act) { vec![act] } else { Vec::new() }
                }
                act if concerns(&act) => vec![act],
                _ => Vec::new(),
            };
            acts.into_iter().map(move |act| Record { asked, answered, act })
        });
        *records = kept.collect::<Vec<_>>();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Act {
    /// The one job that it is about.
    fn job(&self) -> Option<&str> {
        match self {
            Self::Submit { answer: Answer::Done(made), .. } => Some(id(&made.job)),
            Self::Seen(job) => Some(id(job)),
            Self::Missing(job)
            | Self::Cancel(job, _)
            | Self::Retry(job, _)
            | Self::Copy(job, _)
            | Self::Purge(job, _)
            | Self::Results(job, _)
            | Self::Events { job, .. } => Some(job),
            Self::Submit { .. } | Self::Everything(_) | Self::Crash | Self::Drain => None,
        }
    }
}

/// A member of a job that is a text; empty where it is none.
fn text<'a>(job: &'a Value, member: &str) -> &'a str {
    job.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// A job's id.
pub fn id(job: &Value) -> &str {
    text(job, "id")
}

/// A job's state.
pub fn status(job: &Value) -> &str {
    text(job, "status")
}

/// Whether a job in this state has ended.
pub fn ended(status: &str) -> bool {
    ["completed", "failed", "cancelled"].contains(&status)
}
