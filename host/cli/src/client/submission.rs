//! Submissions of jobs.

use std::collections::BTreeMap;

use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, ProviderName};
use analyte_core::table::format::{Format, write};
use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use ureq::SendBody;

use super::graph::GraphTask;
use super::interface::Interface;
use super::{Client, Method, json};
use crate::arguments::run_limits::RunLimitsBody;
use crate::arguments::table_input::TableFile;
use crate::arguments::webhook::WebhookBody;
use crate::output::list::text;
use crate::output::report::Report;

/// A submission as the server takes it.
#[derive(Serialize)]
pub(crate) struct Submission<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<&'a ProviderName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<&'a ModelName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<Map<String, Value>>,
    /// In place of the four above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tasks: Option<Vec<GraphTask>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_data: Option<&'a RawValue>,
    pub(crate) priority: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<RunLimitsBody>,
    pub(crate) retry: Retry,
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<WebhookBody<'a>>,
}

/// How often it is tried again by itself.
#[derive(Default, Serialize)]
pub(crate) struct Retry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backoff_ms: Option<u64>,
}

impl Submission<'_> {
    /// Submits the job; says its id.
    pub(crate) fn send(&self, client: &Client, idempotency_key: Option<&str>) -> Result<JobId> {
        let bytes = serde_json::to_vec(self).context("the submission cannot be written")?;
        let key: Vec<(&str, &str)> = idempotency_key.map(|key| ("idempotency-key", key)).into_iter().collect();
        let post = Method::Post("application/json", SendBody::from_owned_reader(std::io::Cursor::new(bytes)));
        let job = json(client.call(post, "/v1/jobs", &[], &key)?)?;
        text(&job, "/id").parse().context("the server's answer has no id of a job: is it Analyte?")
    }
}

/// A table as it stands in a JSON body: JSON as it is, the other formats as columns.
pub(crate) fn as_json(given: &TableFile, interface: &Interface) -> Result<Box<RawValue>> {
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
            let table = given.table(&interface.input, &Limits::default())?.table;
            let bytes = write(Format::JsonColumns, &table)
                .map_err(|error| Report::new(format!("invalid-input: the input cannot be sent as JSON: {error}")))?;
            let text = String::from_utf8(bytes).context("the input cannot be sent as JSON")?;
            raw(text).context("the input cannot be sent as JSON")
        }
    }
}
