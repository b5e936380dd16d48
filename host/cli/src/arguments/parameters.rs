//! Parameters on the command line.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Map, Value};

use crate::arguments::pairs::{Pair, tuples};
use crate::output::report::Report;

/// The parameters of a run or job.
#[derive(Debug, Clone, Args)]
pub(crate) struct Parameters {
    /// A parameter, read as the model's schema says; given several times under one name it makes an array.
    #[arg(long = "param", short = 'p', value_name = "NAME=VALUE")]
    pub(crate) pairs: Vec<Pair>,
    /// All parameters as one JSON object.
    #[arg(long, value_name = "JSON", conflicts_with = "pairs")]
    parameters: Option<String>,
}

impl Parameters {
    /// As names and texts, if they were given so.
    pub(crate) fn as_pairs(&self) -> Option<Vec<(String, String)>> {
        self.parameters.is_none().then(|| tuples(&self.pairs))
    }

    /// As an object, read as this schema says.
    pub(crate) fn object(&self, schema: Option<&Value>) -> Result<Map<String, Value>> {
        let Some(text) = &self.parameters else { return Ok(analyte_jobs::coerce(&tuples(&self.pairs), schema)) };
        match serde_json::from_str(text).context("--parameters cannot be read as JSON")? {
            Value::Object(object) => Ok(object),
            _ => Err(Report::new("--parameters must be a JSON object, for instance '{\"intercept\": false}'").into()),
        }
    }
}
