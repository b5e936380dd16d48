//! `analyte job submit`

use std::collections::BTreeMap;

use analyte_core::names::{JobId, ModelName, ProviderName};
use analyte_core::table::format::{Format, write};
use analyte_core::timestamp::Timestamp;
use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use ureq::SendBody;

use super::watch::{Follow, watch};
use super::{Limits, LimitsBody, results};
use crate::client::{Client, Connection, Method, json};
use crate::model::Interface;
use crate::pairs::{Pair, tuples};
use crate::parameters::Parameters;
use crate::report::Report;
use crate::show;
use crate::show::list::text;
use crate::show::table::TableFormat;
use crate::table_input::{Given, Input};

/// Submits a job: durable once it is accepted, run when there is room.
///
/// Writes the job's id to stdout; with --wait or --follow waits for its end and writes its result instead. Input of CSV or
/// Arrow is sent as JSON, in which NaN and infinities are missing values.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// Whose model.
    provider: ProviderName,
    /// Which model.
    model: ModelName,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    parameters: Parameters,
    #[command(flatten)]
    limits: Limits,
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
    connection: Connection,
}

/// A submission as the server takes it.
#[derive(Serialize)]
pub(crate) struct Body<'a> {
    pub(crate) provider: &'a ProviderName,
    pub(crate) model: &'a ModelName,
    pub(crate) input: &'a RawValue,
    pub(crate) parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_data: Option<&'a RawValue>,
    pub(crate) priority: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<LimitsBody>,
    pub(crate) retry: Retry,
    pub(crate) tags: BTreeMap<String, String>,
}

/// How often it is tried again by itself.
#[derive(Default, Serialize)]
pub(crate) struct Retry {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backoff_ms: Option<u64>,
}

impl Submit {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let given = self.input.read(analyte_core::limits::Limits::default().body_bytes)?;
        let interface = Interface::of(&client, &self.provider, &self.model)?;
        let input = as_json(&given, &interface)?;
        let custom_data = self.custom_data.as_deref().map(serde_json::from_str::<&RawValue>).transpose();
        let mut tags = BTreeMap::new();
        for (name, value) in tuples(&self.tags) {
            if tags.insert(name.clone(), value).is_some() {
                return Err(Report::new(format!("the tag `{name}` is given twice")).into());
            }
        }
        let body = Body {
            provider: &self.provider,
            model: &self.model,
            input: &input,
            parameters: self.parameters.object(interface.parameters.as_ref())?,
            custom_data: custom_data.context("--custom-data cannot be read as JSON")?,
            priority: self.priority,
            run_at: self.run_at.map(|time| time.to_string()),
            limits: self.limits.body(),
            retry: Retry { max_attempts: self.max_attempts, backoff_ms: self.backoff },
            tags,
        };
        let id = submit(&client, &body, self.idempotency_key.as_deref())?;
        if !self.wait && !self.follow {
            return show::text(&id.to_string());
        }
        watch(&client, id, if self.follow { Follow::Log } else { Follow::Progress })?;
        results::show(&client, id, TableFormat::or_usual(self.format))
    }
}

/// Submits a job; says its id.
pub(crate) fn submit(client: &Client, body: &Body<'_>, idempotency_key: Option<&str>) -> Result<JobId> {
    let bytes = serde_json::to_vec(body).context("the submission cannot be written")?;
    let key: Vec<(&str, &str)> = idempotency_key.map(|key| ("idempotency-key", key)).into_iter().collect();
    let post = Method::Post("application/json", SendBody::from_owned_reader(std::io::Cursor::new(bytes)));
    let job = json(client.call(post, "/v1/jobs", &[], &key)?)?;
    text(&job, "/id").parse().context("the server's answer has no id of a job: is it Analyte?")
}

/// A table as it stands in a JSON body: JSON as it is, the other formats as columns.
pub(crate) fn as_json(given: &Given, interface: &Interface) -> Result<Box<RawValue>> {
    let raw = |text: String| RawValue::from_string(text);
    match given.format {
        Format::Json | Format::JsonColumns => {
            let text = std::str::from_utf8(&given.bytes).map_err(|error| {
                Report::new(format!("malformed: the input is not UTF-8 from byte {} on", error.valid_up_to()))
            })?;
            raw(text.trim().to_owned())
                .map_err(|error| Report::new(format!("malformed: the input is not JSON: {error}")).into())
        }
        Format::Csv | Format::Arrow => {
            let table = given.table(&interface.input, &analyte_core::limits::Limits::default())?.table;
            let bytes = write(Format::JsonColumns, &table)
                .map_err(|error| Report::new(format!("invalid-input: the input cannot be sent as JSON: {error}")))?;
            let text = String::from_utf8(bytes).context("the input cannot be sent as JSON")?;
            raw(text).context("the input cannot be sent as JSON")
        }
    }
}
