//! Replays a history.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde_json::Value;

use super::{Act, Answer, Ends, Record, Tick, ended, events, id, life, status, submissions};

/// What was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A job that the server acknowledged or showed is there until a client purges it.
    Lost,
    /// A job that was purged does not come back.
    PurgedReturned,
    /// There is no job that no client asked for.
    NobodyAsked,
    /// One submission makes one job, and so do all submissions under one key.
    MadeTwice,
    /// One key stands for one job and one body.
    KeyShared,
    /// A key is refused only where it was used with another body.
    KeyRefused,
    /// What was submitted is not changed.
    InputChanged,
    /// A job's members fit its state.
    IllFormed,
    /// Attempts are counted up.
    AttemptFell,
    /// A job that runs goes back to the queue, or starts anew, only if a client retries it.
    WentBack,
    /// A job that ended stays as it is, member for member, unless a client retries it; a completed one always.
    EndChanged,
    /// A result never changes.
    ResultChanged,
    /// A job that is run again after its end has a new attempt.
    OldAttempt,
    /// After an acknowledged cancel the job is cancelled.
    CancelUnheeded,
    /// A job is cancelled only if a client asks for it.
    CancelledByNobody,
    /// A job ends as its model does, or is cancelled, or was hit by too many crashes.
    WrongEnd,
    /// Crashes end a job only if it was running in five of them, and then they do.
    CrashBudget,
    /// A job starts again only after a crash, a stop or a retry.
    AttemptFromNowhere,
    /// The server shows an event alike whenever a client reads it, and events in order.
    Events,
    /// The platform does not fail.
    Fault,
    /// In the end every job has ended.
    Unfinished,
}

/// A rule that was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// What shows it.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

/// Something that was true of a job at some moment between two ticks.
#[derive(Debug, Clone)]
pub(super) struct Fact<'a> {
    /// Not before.
    pub(super) asked: Tick,
    /// Not after.
    pub(super) answered: Tick,
    /// It was in one of these states.
    pub(super) statuses: Vec<&'a str>,
    /// It looked like this.
    pub(super) job: Option<&'a Value>,
    /// This was the answer to a cancel.
    pub(super) cancel: bool,
}

/// When something may have happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Not before.
    pub(super) from: Tick,
    /// Not after.
    pub(super) until: Tick,
}

/// All that is known of one job.
#[derive(Debug, Default)]
pub(super) struct Case<'a> {
    /// What was seen of it.
    pub(super) facts: Vec<Fact<'a>>,
    /// Retries in place that may have been done.
    pub(super) retries: Vec<Window>,
    /// Cancels that may have been done.
    pub(super) cancels: Vec<Window>,
    /// Purges that may have been done, and whether that is certain.
    pub(super) purges: Vec<(Window, bool)>,
    /// Copies that may have been made.
    pub(super) copies: usize,
    /// When it was found missing.
    pub(super) missing: Vec<Window>,
    /// Digests of its result.
    pub(super) results: BTreeSet<&'a str>,
    /// What was submitted, where that is known.
    pub(super) body: Option<&'a str>,
}

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Story<'a> {
    /// By job.
    pub(super) cases: BTreeMap<&'a str, Case<'a>>,
    /// Kills of the server.
    pub(super) crashes: Vec<Window>,
    /// Stops of the server.
    pub(super) drains: Vec<Window>,
    /// How a job with this body ends.
    pub(super) ends: HashMap<&'a str, &'a Ends>,
}

const UNFINISHED: [&str; 2] = ["queued", "running"];

/// Says which rules this history breaks. `over`: nothing will happen any more, so all jobs must have ended.
pub fn check(records: &[Record], over: bool) -> Vec<Violation> {
    let story = Story::of(records);
    let mut found = submissions::check(records, &story);
    for (job, case) in &story.cases {
        found.extend(life::check(job, case, &story));
    }
    found.extend(events::check(records));
    found.extend(records.iter().filter_map(fault));
    if over {
        let last = records.iter().rev().find_map(|record| match &record.act {
            Act::Everything(jobs) => Some(jobs.as_slice()),
            _ => None,
        });
        let unfinished = last.unwrap_or_default().iter().filter(|job| !ended(status(job)));
        found.extend(unfinished.map(|job| Violation { rule: Rule::Unfinished, what: job.to_string() }));
    }
    found
}

fn fault(record: &Record) -> Option<Violation> {
    let (status, code) = match &record.act {
        Act::Submit { answer: Answer::Refused { status, code }, .. }
        | Act::Cancel(_, Answer::Refused { status, code })
        | Act::Retry(_, Answer::Refused { status, code })
        | Act::Copy(_, Answer::Refused { status, code })
        | Act::Purge(_, Answer::Refused { status, code })
        | Act::Results(_, Answer::Refused { status, code }) => (*status, code),
        _ => return None,
    };
    // 503 asks to come again, 507 tells of a full disk.
    (status >= 500 && ![503, 507].contains(&status))
        .then(|| Violation { rule: Rule::Fault, what: format!("{status} {code} to {:?}", record.act) })
}

impl<'a> Story<'a> {
    fn of(records: &'a [Record]) -> Self {
        let mut story = Self::default();
        for record in records {
            let window = Window { from: record.asked, until: record.answered };
            match &record.act {
                Act::Crash => story.crashes.push(window),
                Act::Drain => story.drains.push(window),
                Act::Submit { body, ends, .. } => {
                    story.ends.insert(body, ends);
                }
                _ => {}
            }
        }
        for record in records {
            story.take(record);
        }
        // A job that was there once is missed where all jobs were listed without it.
        for record in records {
            if let Act::Everything(jobs) = &record.act {
                let listed: BTreeSet<&str> = jobs.iter().map(id).collect();
                let window = Window { from: record.asked, until: record.answered };
                for (_, case) in story.cases.iter_mut().filter(|(job, _)| !listed.contains(**job)) {
                    case.missing.push(window);
                }
            }
        }
        story
    }

    /// When a call may have been done: without an answer at any time until the server that took it was gone.
    fn window<T>(&self, record: &Record, answer: &Answer<T>) -> Option<Window> {
        let until = match answer {
            Answer::Done(_) => record.answered,
            Answer::Refused { .. } => return None,
            Answer::Unknown => {
                let gone = self.crashes.iter().chain(&self.drains).map(|end| end.until);
                gone.filter(|until| *until > record.asked).min().unwrap_or(Tick::MAX)
            }
        };
        Some(Window { from: record.asked, until })
    }

    fn take(&mut self, record: &'a Record) {
        let fact = |statuses: &[&'a str], job| Fact {
            asked: record.asked,
            answered: record.answered,
            statuses: statuses.to_vec(),
            job,
            cancel: false,
        };
        let seen = |job: &'a Value| fact(&[status(job)], Some(job));
        match &record.act {
            Act::Submit { body, answer: Answer::Done(made), .. } => {
                let case = self.case(id(&made.job));
                case.body = Some(body);
                case.facts.push(seen(&made.job));
            }
            Act::Seen(job) => self.case(id(job)).facts.push(seen(job)),
            Act::Everything(jobs) => jobs.iter().for_each(|job| self.case(id(job)).facts.push(seen(job))),
            Act::Missing(job) => {
                self.case(job).missing.push(Window { from: record.asked, until: record.answered });
            }
            Act::Cancel(job, answer) => {
                let window = self.window(record, answer);
                let case = self.case(job);
                case.cancels.extend(window);
                match answer {
                    Answer::Done(job) => case.facts.push(Fact { cancel: true, ..seen(job) }),
                    Answer::Refused { code, .. } if code == "already-finished" => {
                        case.facts.push(fact(&["completed", "failed"], None));
                    }
                    _ => {}
                }
            }
            Act::Retry(job, answer) => {
                let window = self.window(record, answer);
                let case = self.case(job);
                case.retries.extend(window);
                match answer {
                    Answer::Done(job) => case.facts.push(seen(job)),
                    Answer::Refused { code, .. } if code == "already-finished" => {
                        case.facts.push(fact(&["completed"], None));
                    }
                    _ => {}
                }
            }
            Act::Copy(job, answer) => {
                self.case(job).copies += usize::from(!matches!(answer, Answer::Refused { .. }));
                if let Answer::Done(copy) = answer {
                    self.case(id(copy)).facts.push(seen(copy));
                }
            }
            Act::Purge(job, answer) => {
                let window = self.window(record, answer);
                let certain = matches!(answer, Answer::Done(()));
                let case = self.case(job);
                case.purges.extend(window.map(|window| (window, certain)));
                match answer {
                    Answer::Refused { code, .. } if code == "not-finished" => case.facts.push(fact(&UNFINISHED, None)),
                    _ => {}
                }
            }
            Act::Results(job, answer) => {
                let case = self.case(job);
                match answer {
                    Answer::Done(digest) => {
                        case.results.insert(digest);
                        case.facts.push(fact(&["completed"], None));
                    }
                    Answer::Refused { code, .. } if code == "not-finished" => case.facts.push(fact(&UNFINISHED, None)),
                    Answer::Refused { code, .. } if code == "no-result" => {
                        case.facts.push(fact(&["failed", "cancelled"], None));
                    }
                    _ => {}
                }
            }
            Act::Submit { .. } | Act::Events { .. } | Act::Crash | Act::Drain => {}
        }
    }

    fn case(&mut self, job: &'a str) -> &mut Case<'a> {
        self.cases.entry(job).or_default()
    }
}
