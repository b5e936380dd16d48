//! `analyte job submit`

use std::collections::BTreeMap;

use analyte_core::timestamp::Timestamp;
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::value::RawValue;

use super::results;
use crate::arguments::pairs::{Pair, tuples};
use crate::arguments::run_limits::RunLimits;
use crate::arguments::webhook::WebhookArguments;
use crate::client::Connection;
use crate::client::follow::{self, Follow};
use crate::client::submission::{Retry, Submission};
use crate::client::work::{Work, WorkAsked};
use crate::output::report::Report;
use crate::output::stdout;
use crate::output::table::TableFormat;

/// Submits a job: durable once it is accepted, run when there is room.
///
/// Writes the job's id to stdout; with --wait or --follow waits for its end and writes its result instead. Input of CSV or
/// Arrow is sent as JSON, in which NaN and infinities are missing values.
///
/// A job of several tasks comes from a file: --graph names it, and takes the place of PROVIDER, MODEL, --input and the
/// parameters. It is JSON, or TOML where its name ends in .toml, with a list `tasks`, parents before their children. Each task
/// has `name`, `provider`, `model`, and may have `parameters`, `limits`, `after` (names of tasks that must complete first), and
/// `input` (a table, or {"results_of": [names]}) or `input_file` (a file with a table, beside the graph's file). Without either
/// it runs on the results of all tasks in `after`.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    limits: RunLimits,
    /// Lower runs first.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    priority: i32,
    /// Not to be started before this time, for instance 2026-01-31T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    run_at: Option<Timestamp>,
    /// Tries in all, for failures that are tried again by themselves.
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
    /// Wait before the second try, in milliseconds; doubles with each further one.
    #[arg(long, value_name = "MS")]
    backoff: Option<u64>,
    /// A label of your own.
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<Pair>,
    /// Data of your own that is kept with the job.
    #[arg(long, value_name = "JSON")]
    custom_data: Option<String>,
    /// Makes a repetition harmless: the same key with the same request answers the same job.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Waits for the end and writes the result.
    #[arg(long)]
    wait: bool,
    /// Like --wait, and shows log lines as they come.
    #[arg(long)]
    follow: bool,
    /// How the result is written; else aligned on a terminal and JSON elsewhere.
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<TableFormat>,
    #[command(flatten)]
    webhook: WebhookArguments,
    #[command(flatten)]
    connection: Connection,
}

impl Submit {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let WorkAsked { input, parameters, tasks } = self.work.read(&client)?;
        let custom_data = self.custom_data.as_deref().map(serde_json::from_str::<&RawValue>).transpose();
        let mut tags = BTreeMap::new();
        for (name, value) in tuples(&self.tags) {
            if tags.insert(name.clone(), value).is_some() {
                return Err(Report::new(format!("the tag `{name}` is given twice")).into());
            }
        }
        let submission = Submission {
            provider: self.work.provider.as_ref(),
            model: self.work.model.as_ref(),
            input: input.as_deref(),
            parameters,
            tasks,
            custom_data: custom_data.context("--custom-data cannot be read as JSON")?,
            priority: self.priority,
            run_at: self.run_at.map(|time| time.to_string()),
            limits: self.limits.body(),
            retry: Retry { max_attempts: self.max_attempts, backoff_ms: self.backoff },
            tags,
            webhook: self.webhook.body(),
        };
        let id = submission.send(&client, self.idempotency_key.as_deref())?;
        if !self.wait && !self.follow {
            return stdout::text(&id.to_string());
        }
        follow::to_end(&client, id, if self.follow { Follow::Log } else { Follow::Progress })?;
        results::show(&client, id, TableFormat::or_usual(self.format))
    }
}
