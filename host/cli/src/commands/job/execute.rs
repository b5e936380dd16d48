//! `analyte job execute`

use analyte_core::names::{ModelName, ProviderName};
use analyte_core::table::format::Format;
use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use ureq::SendBody;

use crate::arguments::parameters::Parameters;
use crate::arguments::run_limits::{RunLimits, RunLimitsBody};
use crate::arguments::table_input::{Input, TableFile};
use crate::client::address;
use crate::client::interface::Interface;
use crate::client::submission::as_json;
use crate::client::{Connection, Method, bytes, show_warnings};
use crate::output::progress::Progress;
use crate::output::table::TableFormat;

/// Runs a model on the server at once and writes its result; nothing is stored.
///
/// Ctrl-C ends the run. The input is sent as it is unless limits are given.
#[derive(Debug, Args)]
pub(crate) struct Execute {
    /// Whose model.
    provider: ProviderName,
    /// Which model.
    model: ModelName,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    parameters: Parameters,
    #[command(flatten)]
    limits: RunLimits,
    /// How the result is written; else aligned on a terminal and JSON elsewhere.
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<TableFormat>,
    #[command(flatten)]
    connection: Connection,
}

/// An execution with limits or parameters in its body.
#[derive(Serialize)]
struct Body<'a> {
    input: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<RunLimitsBody>,
}

impl Execute {
    pub(crate) fn run(self) -> Result<()> {
        let client = self.connection.client()?;
        let given = self.input.read(analyte_core::limits::Limits::default().body_bytes)?;
        let limits = self.limits.body();
        let (kind, body, query) = match (self.parameters.as_pairs(), limits) {
            (Some(pairs), None) => (given.format.media_type(), given.bytes, pairs),
            (_, limits) => {
                let interface = Interface::of(&client, &self.provider, &self.model)?;
                (Format::Json.media_type(), self.body(&given, &interface, limits)?.into(), Vec::new())
            }
        };
        let format = TableFormat::or_usual(self.format);
        let path = format!("{}/execute", address::model(&self.provider, &self.model));
        let progress = Progress::begin(&format!("running {}", self.model));
        let post = Method::Post(kind, SendBody::from_owned_reader(std::io::Cursor::new(body)));
        let answer = client.call(post, &path, &query, &[("accept", format.carrier().media_type())])?;
        progress.end();
        show_warnings(&answer);
        format.show(&bytes(answer)?)
    }

    fn body(&self, given: &TableFile, interface: &Interface, limits: Option<RunLimitsBody>) -> Result<Vec<u8>> {
        let input = as_json(given, interface)?;
        let parameters = Some(self.parameters.object(interface.parameters.as_ref())?);
        serde_json::to_vec(&Body { input: &input, parameters, limits }).context("the request cannot be written")
    }
}
