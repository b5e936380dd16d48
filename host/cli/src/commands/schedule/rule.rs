//! When a schedule fires, on the command line.

use analyte_core::timestamp::Timestamp;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::arguments::duration::Lasting;

/// When a schedule fires, and what it does where a firing and a job, or a downtime, meet.
#[derive(Debug, Clone, Args)]
pub(super) struct Rule {
    /// Fires at these times of a wall clock: five fields, or six with the second first, for instance '0 2 * * *'.
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "every")]
    cron: Option<String>,
    /// Whose wall clock, for instance Europe/Berlin; else UTC.
    #[arg(long, value_name = "NAME", requires = "cron")]
    time_zone: Option<String>,
    /// Fires again and again after this time, for instance 15m.
    #[arg(long, value_name = "TIME")]
    every: Option<Lasting>,
    /// Does not fire before, for instance 2026-01-31T08:00:00Z; an interval is counted from then.
    #[arg(long, value_name = "TIME")]
    start_at: Option<Timestamp>,
    /// Does not fire then or later.
    #[arg(long, value_name = "TIME")]
    stop_at: Option<Timestamp>,
    /// What is done where the job of an earlier firing has not ended.
    #[arg(long, value_parser = ["skip", "queue", "cancel-previous"])]
    overlap: Option<String>,
    /// What is made up for of what was missed while the server was down.
    #[arg(long, value_parser = ["none", "one", "all"])]
    catch_up: Option<String>,
    /// With `--catch-up all`: how far back, for instance 12h.
    #[arg(long, value_name = "TIME", requires = "catch_up")]
    catch_up_window: Option<Lasting>,
}

impl Rule {
    /// Whether it says when to fire.
    pub(super) fn says_when(&self) -> bool {
        self.cron.is_some() || self.every.is_some()
    }

    /// Puts what was given among the members of a schedule as the server takes it.
    pub(super) fn put(&self, schedule: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                schedule.insert(name.to_owned(), value);
            }
        };
        let cron = self.cron.as_ref().map(|cron| match &self.time_zone {
            Some(zone) => json!({ "cron": cron, "time_zone": zone }),
            None => json!({ "cron": cron }),
        });
        let every = self.every.map(|every| json!({ "every_ms": every.seconds.saturating_mul(1_000) }));
        put("when", cron.or(every));
        put("start_at", self.start_at.map(|at| json!(at.to_string())));
        put("stop_at", self.stop_at.map(|at| json!(at.to_string())));
        put("overlap", self.overlap.as_ref().map(|word| json!(word)));
        let window = self.catch_up_window.map(|window| json!(window.seconds.saturating_mul(1_000)));
        if self.catch_up.is_some() {
            put("catch_up_window_ms", Some(window.unwrap_or(Value::Null)));
        }
        put("catch_up", self.catch_up.as_ref().map(|word| json!(word)));
    }
}
