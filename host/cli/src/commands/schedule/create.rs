//! `analyte schedule create`

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use ureq::SendBody;

use super::rule::Rule;
use crate::arguments::pairs::{Pair, tuples};
use crate::arguments::run_limits::RunLimits;
use crate::arguments::webhook::WebhookArguments;
use crate::client::submission::{Retry, Submission};
use crate::client::work::{Work, WorkAsked};
use crate::client::{Connection, Method, json};
use crate::output::list::text;
use crate::output::report::Report;
use crate::output::stdout;

/// Makes a schedule, which submits the same job again and again.
///
/// Writes the schedule's id to stdout. Its input and its parameters are kept with it, and checked now as those of a job are. --graph
/// is as for `analyte job submit`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it goes by, for people.
    name: String,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    rule: Rule,
    /// Makes it, but lets it not fire by itself yet.
    #[arg(long)]
    inactive: bool,
    #[command(flatten)]
    limits: RunLimits,
    /// Lower runs first.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    priority: i32,
    /// Tries in all, for failures that are tried again by themselves.
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
    /// Wait before the second try, in milliseconds; doubles with each further one.
    #[arg(long, value_name = "MS")]
    backoff: Option<u64>,
    /// A label of your own, which each job gets.
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<Pair>,
    /// Data of your own that is kept with each job.
    #[arg(long, value_name = "JSON")]
    custom_data: Option<String>,
    #[command(flatten)]
    webhook: WebhookArguments,
    #[command(flatten)]
    connection: Connection,
}

/// A schedule as the server takes it.
#[derive(serde::Serialize)]
struct Body<'a> {
    name: &'a str,
    active: bool,
    #[serde(flatten)]
    rule: Map<String, Value>,
    template: Submission<'a>,
}

impl Create {
    pub(crate) fn run(self) -> Result<()> {
        if !self.rule.says_when() {
            let report = Report::new("it is not said when the schedule fires");
            return Err(report.hint("give --cron EXPRESSION or --every TIME").into());
        }
        let client = self.connection.client()?;
        let WorkAsked { input, parameters, tasks } = self.work.read(&client)?;
        let custom_data = self.custom_data.as_deref().map(serde_json::from_str::<&RawValue>).transpose();
        let tags: BTreeMap<String, String> = tuples(&self.tags).into_iter().collect();
        if tags.len() < self.tags.len() {
            return Err(Report::new("a tag is given twice").into());
        }
        let mut rule = Map::new();
        self.rule.put(&mut rule);
        let body = Body {
            name: &self.name,
            active: !self.inactive,
            rule,
            template: Submission {
                provider: self.work.provider.as_ref(),
                model: self.work.model.as_ref(),
                input: input.as_deref(),
                parameters,
                tasks,
                custom_data: custom_data.context("--custom-data cannot be read as JSON")?,
                priority: self.priority,
                run_at: None,
                limits: self.limits.body(),
                retry: Retry { max_attempts: self.max_attempts, backoff_ms: self.backoff },
                tags,
                webhook: self.webhook.body(),
            },
        };
        let bytes = serde_json::to_vec(&body).context("the schedule cannot be written")?;
        let post = Method::Post("application/json", SendBody::from_owned_reader(std::io::Cursor::new(bytes)));
        let made = json(client.call(post, "/v1/schedules", &[], &[])?)?;
        stdout::text(&text(&made, "/id"))
    }
}
