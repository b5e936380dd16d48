//! Follows a job by the stream of its events, to its end.
//!
//! A connection that breaks, or a server that restarts, costs nothing: the stream is taken up after the last event that
//! was seen. A server that stays away is given up after a while.

use std::time::{Duration, Instant};

use analyte_core::names::JobId;
use anyhow::Result;
use serde_json::Value;

use super::events::{Event, Events, Next};
use super::{CallError, Client, address, problem_of_job};
use crate::output::list::{items, text};
use crate::output::progress::Progress;
use crate::output::report::Report;

/// Pause before the stream is taken up again, at first and at most.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// A server that cannot be reached for so long is given up.
const PATIENCE: Duration = Duration::from_mins(5);

/// What is shown meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// How far it is.
    Progress,
    /// That, and its log.
    Log,
}

/// Waits until the job has ended; an error unless it completed.
pub(crate) fn to_end(client: &Client, id: JobId, follow: Follow) -> Result<()> {
    let mut watcher = Watcher {
        client,
        id,
        follow,
        progress: Progress::begin(&format!("job {id}")),
        last: String::new(),
        status: String::new(),
    };
    let mut status = watcher.until_ended()?;
    if !ended(&status) {
        // The job had ended before the server sent an event that says how.
        status = text(&client.get(&address::job(id), &[])?, "/status");
    }
    watcher.progress.end();
    if status == "completed" { Ok(()) } else { Err(why(client, id, &status)?.into()) }
}

struct Watcher<'a> {
    client: &'a Client,
    id: JobId,
    follow: Follow,
    progress: Progress,
    /// Id of the last event that was seen.
    last: String,
    /// The job's state by the last event that had one; empty before the first.
    status: String,
}

impl Watcher<'_> {
    /// Follows until the job has ended; says how.
    fn until_ended(&mut self) -> Result<String> {
        let mut pause = FIRST;
        let mut away: Option<Instant> = None;
        loop {
            let seen = self.last.clone();
            match self.once() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => away = None,
                Err(CallError::Refused { status: 502..=504, .. }) => {}
                // A user whose command never reached the server has likely mistaken its address, so the command ends.
                Err(CallError::Unreachable(_)) if !seen.is_empty() => {}
                Err(error) => return Err(Report::from(error).into()),
            }
            let gone = *away.get_or_insert_with(Instant::now);
            if gone.elapsed() > PATIENCE {
                let report = Report::new(format!("the server has been away for {} seconds", PATIENCE.as_secs()));
                return Err(report
                    .hint(format!("the job goes on without you: `analyte job watch {}`", self.id))
                    .into());
            }
            if self.last != seen {
                pause = FIRST;
            }
            self.progress.now(&format!("job {}: the connection broke off, trying again", self.id));
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Follows one stream; says how the job ended if it did.
    fn once(&mut self) -> Result<Option<String>, CallError> {
        let seen: Vec<(&str, &str)> =
            Some(("last-event-id", self.last.as_str())).filter(|(_, id)| !id.is_empty()).into_iter().collect();
        let answer = self.client.read(&format!("{}/events", address::job(self.id)), &seen)?;
        if answer.status() == 204 {
            return Ok(Some(self.status.clone()));
        }
        let mut events = Events::of(answer);
        loop {
            match events.next() {
                Next::Event(event) => self.take(event),
                // It also ends with the server.
                Next::End if ended(&self.status) => return Ok(Some(self.status.clone())),
                Next::End | Next::Broken => return Ok(None),
            }
        }
    }

    fn take(&mut self, event: Event) {
        // What cannot be read later servers may say.
        let Ok(data) = serde_json::from_str::<Value>(&event.data) else { return };
        self.last = event.id;
        match event.kind.as_str() {
            "status" => self.changed(&data),
            "progress" => {
                let fraction = data.get("fraction").and_then(Value::as_f64).unwrap_or(0.0);
                self.progress.fraction(fraction, &text(&data, "/message"));
            }
            "log" if self.follow == Follow::Log => self.progress.line(&in_words(&data)),
            _ => {}
        }
    }

    fn changed(&mut self, data: &Value) {
        self.status = text(data, "/status");
        let (code, attempt) = (text(data, "/code"), text(data, "/attempt"));
        if !code.is_empty() && !ended(&self.status) {
            self.progress.line(&format!("attempt {attempt} failed with {code}; it is tried again"));
        }
        self.progress.now(&format!("job {} is {}", self.id, self.status));
    }
}

fn ended(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

/// A line of a log.
fn in_words(data: &Value) -> String {
    let words = ["/time", "/level", "/message"].map(|pointer| text(data, pointer));
    words.join(" ")
}

/// Why a job ended without a result.
fn why(client: &Client, id: JobId, status: &str) -> Result<Report> {
    let errors = client.get(&format!("{}/errors", address::job(id)), &[])?;
    let mut report = match items(&errors, "/errors").next() {
        Some(error) => problem_of_job(error),
        None => Report::new(format!("the job is {status}")),
    };
    report.facts.insert(0, format!("job {id} {}", if status == "failed" { "failed" } else { "was cancelled" }));
    Ok(report)
}
