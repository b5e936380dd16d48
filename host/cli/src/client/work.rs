//! What a job does, as the command line says it: one model on one table, or the tasks of a graph.

use std::path::PathBuf;

use analyte_core::limits::Limits;
use analyte_core::names::{ModelName, ProviderName};
use anyhow::Result;
use clap::Args;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Client;
use super::graph::{self, GraphTask};
use super::interface::Interface;
use super::submission::as_json;
use crate::arguments::parameters::Parameters;
use crate::arguments::table_input::Input;
use crate::output::report::Report;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// Whose model.
    #[arg(required_unless_present = "graph")]
    pub(crate) provider: Option<ProviderName>,
    /// Which model.
    #[arg(required_unless_present = "graph")]
    pub(crate) model: Option<ModelName>,
    /// File with several tasks, JSON or TOML, in place of PROVIDER, MODEL, the input and the parameters.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["provider", "model", "input", "input_format", "pairs", "parameters"])]
    graph: Option<PathBuf>,
    #[command(flatten)]
    input: Option<Input>,
    #[command(flatten)]
    parameters: Parameters,
}

/// What they say, with what is in the files that they name.
pub(crate) struct WorkAsked {
    /// The table; `None` for several tasks.
    pub(crate) input: Option<Box<RawValue>>,
    /// `None` for several tasks, each of which has its own.
    pub(crate) parameters: Option<Map<String, Value>>,
    /// `None` for one model.
    pub(crate) tasks: Option<Vec<GraphTask>>,
}

impl Work {
    /// Reads the files, as the models want them.
    pub(crate) fn read(&self, client: &Client) -> Result<WorkAsked> {
        if let Some(path) = &self.graph {
            return Ok(WorkAsked { input: None, parameters: None, tasks: Some(graph::read(path, client)?) });
        }
        let missing = |what: &str| Report::new(format!("{what} is missing"));
        let provider = self.provider.as_ref().ok_or_else(|| missing("the provider"))?;
        let model = self.model.as_ref().ok_or_else(|| missing("the model"))?;
        let input = self.input.as_ref().ok_or_else(|| {
            missing("--input")
                .hint("name a file with the input table, or `-` for stdin; or --graph and a file with tasks")
        })?;
        let given = input.read(Limits::default().body_bytes)?;
        let interface = Interface::of(client, provider, model)?;
        Ok(WorkAsked {
            input: Some(as_json(&given, &interface)?),
            parameters: Some(self.parameters.object(interface.parameters.as_ref())?),
            tasks: None,
        })
    }
}
