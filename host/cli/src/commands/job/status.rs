//! `analyte job status`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::Connection;
use crate::client::address;
use crate::client::follow::{self, Follow};
use crate::output::list::{ThingFormat, facts, text};
use crate::output::report::grouped;

/// Shows where a job stands.
///
/// With --wait or --follow waits for its end, and then fails unless it completed.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The job.
    id: JobId,
    /// Waits for the end.
    #[arg(long)]
    wait: bool,
    /// Like --wait, and shows log lines as they come.
    #[arg(long)]
    follow: bool,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Status {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let waited = match (self.wait, self.follow) {
            (_, true) => follow::to_end(&client, self.id, Follow::Log),
            (true, false) => follow::to_end(&client, self.id, Follow::Progress),
            (false, false) => Ok(()),
        };
        // Shows a job that failed, too, before the command ends with its failure.
        let job = client.get(&address::job(self.id), &[])?;
        ThingFormat::show(self.format, &job, || in_words(&job))?;
        waited
    }
}

/// Which attempt it is. There may be more of them than tries: a stop or a crash of the server, and a retry by hand, cost none.
fn attempt(job: &Value) -> String {
    let number = |name| job.get(name).and_then(Value::as_u64).unwrap_or(0);
    match (number("attempt"), number("max_attempts")) {
        (attempt, most) if attempt <= most => format!("{attempt} of {most}"),
        (attempt, _) => attempt.to_string(),
    }
}

/// How many tasks are in each state; empty where the job has one task.
fn counts(job: &Value) -> String {
    let counts = job.get("task_counts").and_then(Value::as_object).into_iter().flatten();
    let counts = counts.filter(|(_, count)| count.as_u64() != Some(0)).map(|(state, count)| format!("{count} {state}"));
    counts.collect::<Vec<_>>().join(", ")
}

/// What there is to say of a job, for people.
pub(super) fn in_words(job: &Value) -> String {
    let number = |pointer| job.pointer(pointer).and_then(Value::as_u64).filter(|number| *number > 0).map(grouped);
    let waiting = match (text(job, "/waiting/reason"), text(job, "/waiting/position")) {
        (reason, position) if position.is_empty() => reason,
        (reason, position) => format!("{reason}, {position} before it"),
    };
    let waiting = match text(job, "/waiting/detail") {
        detail if detail.is_empty() => waiting,
        detail => format!("{waiting}: {detail}"),
    };
    let progress = job.pointer("/progress/fraction").and_then(Value::as_f64);
    let progress = progress.map(|fraction| format!("{:.0} % {}", fraction * 100.0, text(job, "/progress/message")));
    let error = match (text(job, "/error/code"), text(job, "/error/message")) {
        (code, _) if code.is_empty() => String::new(),
        (code, message) => format!("{code}: {message}"),
    };
    let tags = job.get("tags").and_then(Value::as_object).into_iter().flatten();
    let tags: Vec<String> =
        tags.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    facts(&[
        ("job", text(job, "/id")),
        ("status", text(job, "/status")),
        ("waiting", waiting),
        ("progress", progress.unwrap_or_default()),
        ("error", error),
        ("tasks", counts(job)),
        ("model", format!("{} of {}", text(job, "/model"), text(job, "/provider"))),
        ("attempt", attempt(job)),
        ("fuel used", number("/fuel_used").unwrap_or_default()),
        ("peak memory", number("/peak_memory_bytes").map(|bytes| format!("{bytes} bytes")).unwrap_or_default()),
        ("created", text(job, "/created_at")),
        ("created by", text(job, "/created_by")),
        ("not before", text(job, "/run_at")),
        ("started", text(job, "/started_at")),
        ("finished", text(job, "/finished_at")),
        ("tags", tags.join("\n")),
    ])
}
