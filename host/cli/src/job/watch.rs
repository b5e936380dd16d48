//! Waits for the end of a job by asking again and again, more and more seldom.

use std::collections::HashSet;
use std::time::Duration;

use analyte_core::names::JobId;
use anyhow::Result;
use serde_json::Value;

use super::address;
use super::logs::in_words;
use crate::client::problem_of_job;
use crate::client::{Client, Method, bytes};
use crate::progress::Progress;
use crate::show::list::{items, text};
use crate::told::Told;

/// Pause before the second look, and the longest one.
const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// What is shown meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// How far it is.
    Progress,
    /// That, and its log.
    Log,
}

/// Waits until the job has ended; an error unless it completed.
pub(crate) fn watch(client: &Client, id: JobId, follow: Follow) -> Result<()> {
    let progress = Progress::begin(&format!("job {id}"));
    let mut log = Log::default();
    let mut pause = FIRST;
    loop {
        let job = client.get(&address(id), &[])?;
        let status = text(&job, "/status");
        // Lines that were written before the status was asked for are there now.
        if follow == Follow::Log {
            log.show_new(client, id, text(&job, "/attempt"), &progress)?;
        }
        match status.as_str() {
            "completed" => return Ok(()),
            "failed" | "cancelled" => {
                progress.end();
                return Err(why(client, id, &job, &status)?.into());
            }
            "queued" => {
                let reason = text(&job, "/waiting/reason");
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                progress.now(&format!("job {id} is queued{reason}"));
            }
            _ => match job.pointer("/progress/fraction").and_then(Value::as_f64) {
                Some(fraction) => progress.fraction(fraction, &text(&job, "/progress/message")),
                None => progress.now(&format!("job {id} is {status}")),
            },
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

/// Why a job ended without a result.
fn why(client: &Client, id: JobId, job: &Value, status: &str) -> Result<Told> {
    let errors = client.get(&format!("{}/errors", address(id)), &[])?;
    let mut told = match items(&errors, "/errors").next() {
        Some(error) => problem_of_job(error),
        None => Told::new(format!("{}: {}", text(job, "/error/code"), text(job, "/error/message"))),
    };
    told.facts.insert(0, format!("job {id} {}", if status == "failed" { "failed" } else { "was cancelled" }));
    Ok(told)
}

/// Lines of the log that were shown already. A new attempt begins a new log.
#[derive(Default)]
struct Log {
    attempt: String,
    shown: usize,
    seen_attempts: HashSet<String>,
}

impl Log {
    fn show_new(&mut self, client: &Client, id: JobId, attempt: String, progress: &Progress) -> Result<()> {
        if self.seen_attempts.insert(attempt.clone()) {
            self.shown = 0;
            self.attempt = attempt;
        }
        let lines = bytes(client.call(Method::Get, &format!("{}/logs", address(id)), &[], &[])?)?;
        let lines = String::from_utf8_lossy(&lines);
        for line in lines.lines().skip(self.shown) {
            progress.line(&in_words(line));
            self.shown += 1;
        }
        Ok(())
    }
}
