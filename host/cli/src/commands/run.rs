//! `analyte run`: one run of one model, without a server. What it writes is what the server's `execute` answers.

use std::path::PathBuf;
use std::sync::Arc;

use analyte_core::document::Document;
use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::parameters::{ParametersSchema, as_error};
use analyte_core::table::fit::fit;
use analyte_engine::request::stop::StopConditions;
use analyte_engine::request::{Grants, Identity, RunRequest};
use analyte_engine::{Component, Description};
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;

use crate::arguments::pairs::Pair;
use crate::arguments::parameters::Parameters;
use crate::arguments::table_input::Input;
use crate::local::sandbox::Sandbox;
use crate::local::sink::Sink;
use crate::output::progress::Progress;
use crate::output::report::{self, Report};
use crate::output::table::TableFormat;

/// Runs one model of a component once, without a server.
///
/// The component runs in the same sandbox as in the server: metered by fuel, bounded in memory and time. The result goes
/// to stdout, in the same bytes as the server answers; progress, log lines and warnings go to stderr.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A component, for instance as `analyte build` made it.
    component: PathBuf,
    /// Which model; may be left out where the component has just one.
    #[arg(long, short)]
    model: Option<String>,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    parameters: Parameters,
    /// How the result is written; else aligned on a terminal and JSON elsewhere.
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<TableFormat>,
    /// Fuel units that the run may use (about one per executed instruction).
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Memory that the component may use.
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
    /// Time that the run may take, in milliseconds.
    #[arg(long, value_name = "MS")]
    timeout: Option<u64>,
    /// Folder for the result files that the model writes; else they are dropped.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// A setting that is granted to the component if it asks for it.
    #[arg(long, value_name = "NAME=VALUE")]
    setting: Vec<Pair>,
    /// A secret that is granted to the component if it asks for it, taken from an environment variable.
    #[arg(long, value_name = "NAME=VARIABLE")]
    secret: Vec<Pair>,
    /// Folder for compiled code; else `analyte` in the user's cache folder.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

impl Run {
    pub(crate) fn run(self) -> Result<()> {
        let grants = self.grants()?;
        let sandbox = Sandbox::start(Limits::default(), self.cache_dir.as_deref())?;
        let limits = sandbox.limits();
        let run_limits = RunLimits {
            fuel: self.fuel.unwrap_or(limits.fuel),
            memory_bytes: self.memory.unwrap_or(limits.memory_bytes),
            timeout_ms: self.timeout.unwrap_or(limits.timeout_ms),
        };
        let given = self.input.read(limits.body_bytes)?;
        let (component, description, _) = sandbox.install(&self.component)?;
        let model = self.model(&description)?;
        let read = given.table(&model.input, limits)?;
        let fitted = fit(&read.table, &model.input, model.cardinality, limits).map_err(Report::from)?;
        let parameters = self.checked_parameters(model, &fitted.table, limits)?;
        for warning in read.warnings.iter().chain(&fitted.warnings) {
            report::warning(warning);
        }
        if let Some(folder) = &self.files {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let sink = Arc::new(Sink {
            progress: Progress::begin(&format!("running {}", model.name)),
            folder: self.files.clone(),
        });
        let request = RunRequest {
            model: Arc::new(model.clone()),
            input: fitted.table,
            parameters,
            limits: run_limits,
            organisation: None,
            identity: Identity { attempt: 1, ..Identity::default() },
            grants: Arc::new(grants.asked_for(&description.provider.capabilities)),
            model_file: None,
            sink: sink.clone(),
            stop_conditions: StopConditions::default(),
        };
        run(&sandbox, &component, request, &sink, self.format)
    }

    fn model<'a>(&self, description: &'a Description) -> Result<&'a ModelInfo> {
        let names = || {
            let names: Vec<&str> = description.models.iter().map(|model| model.name.as_str()).collect();
            if names.is_empty() { "it has none".to_owned() } else { format!("its models are {}", names.join(", ")) }
        };
        match (&self.model, description.models.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Report::new("which model? say it with --model").fact(names()).into()),
            (Some(name), models) => models.iter().find(|model| model.name.as_str() == name).ok_or_else(|| {
                Report::new(format!("not-found: the component has no model `{name}`")).fact(names()).into()
            }),
        }
    }

    fn checked_parameters(
        &self,
        model: &ModelInfo,
        input: &analyte_core::table::Table,
        limits: &Limits,
    ) -> Result<String> {
        let schema = model.parameters_schema.as_ref();
        let compiled = ParametersSchema::compile(schema, &model.column_parameters, limits).map_err(Report::new)?;
        let schema = schema.map(Document::value).transpose().context("the schema cannot be read")?;
        let given = self.parameters.object(schema.as_ref())?;
        let checked = compiled.check(given, Some(input)).map_err(|problems| Report::from(as_error(&problems)))?;
        Ok(Value::Object(checked).to_string())
    }

    fn grants(&self) -> Result<Grants> {
        let settings = self.setting.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect();
        let secret = |pair: &Pair| {
            let value = std::env::var(&pair.value).map_err(|_| {
                Report::new(format!(
                    "the secret `{}` cannot be taken from the environment variable {}",
                    pair.name, pair.value
                ))
                .hint("secrets do not stand on the command line, where others could read them: set the variable")
            })?;
            Ok((pair.name.clone(), value))
        };
        Ok(Grants { settings, secrets: self.secret.iter().map(secret).collect::<Result<_, Report>>()? })
    }
}

fn run(
    sandbox: &Sandbox,
    component: &Component,
    request: RunRequest,
    sink: &Sink,
    format: Option<TableFormat>,
) -> Result<()> {
    let report = sandbox.block_on(component.run(request));
    sink.progress.end();
    if report.log_lines_dropped > 0 {
        report::warning(&format!(
            "{} log lines were beyond the limit (log_bytes) and dropped",
            report.log_lines_dropped
        ));
    }
    match report.outcome {
        Ok(outcome) => {
            for warning in &outcome.warnings {
                report::warning(warning);
            }
            TableFormat::or_usual(format).show_table(&outcome.output)
        }
        Err(failure) => Err(Report::failure(&failure).usage(report.usage).into()),
    }
}
