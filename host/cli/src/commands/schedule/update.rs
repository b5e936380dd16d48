//! `analyte schedule update`

use std::path::PathBuf;

use analyte_core::names::ScheduleId;
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Map, Value, json};
use ureq::SendBody;

use super::rule::Rule;
use crate::client::{Connection, Method, address};
use crate::output::report::Report;
use crate::output::stdout;

/// What of a schedule, as the server shows it, is also what a client says.
const KEPT: [&str; 11] = [
    "name",
    "description",
    "custom_data",
    "when",
    "set_aside",
    "start_at",
    "stop_at",
    "active",
    "overlap",
    "catch_up",
    "catch_up_window_ms",
];

/// Changes a schedule; what is not given stays as it is.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The schedule.
    id: ScheduleId,
    /// What it shall go by.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    rule: Rule,
    /// Fires by itself from now on.
    #[arg(long, conflicts_with = "deactivate")]
    activate: bool,
    /// Does not fire by itself any more.
    #[arg(long)]
    deactivate: bool,
    /// A file with what it shall submit: a submission as `POST /v1/jobs` takes it, without `run_at`.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl Update {
    pub(crate) fn run(self) -> Result<()> {
        let (client, address) = (self.connection.client()?, address::schedule(self.id));
        let found = client.call(Method::Get, &address, &[], &[])?;
        let tag = found.headers().get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or("*").to_owned();
        let Value::Object(mut found) = crate::client::json(found)? else {
            return Err(Report::new("the server's answer is no schedule: is it Analyte?").into());
        };
        let kept = KEPT.into_iter().filter_map(|name| Some((name.to_owned(), found.remove(name)?)));
        let mut schedule: Map<String, Value> = kept.filter(|(_, value)| !value.is_null()).collect();
        self.rule.put(&mut schedule);
        schedule.retain(|_, value| !value.is_null());
        if let Some(name) = self.name {
            schedule.insert("name".to_owned(), json!(name));
        }
        if self.activate || self.deactivate {
            schedule.insert("active".to_owned(), json!(self.activate));
        }
        if let Some(path) = &self.template {
            let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let template: Value = serde_json::from_slice(&text)
                .map_err(|error| Report::new(format!("malformed: {} is not JSON: {error}", path.display())))?;
            schedule.insert("template".to_owned(), template);
        }
        let bytes = serde_json::to_vec(&schedule).context("the schedule cannot be written")?;
        let put = Method::Put("application/json", SendBody::from_owned_reader(std::io::Cursor::new(bytes)));
        client.call(put, &address, &[], &[("if-match", &tag)])?;
        stdout::text(&format!("changed {}", self.id))
    }
}
