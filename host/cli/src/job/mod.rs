//! `analyte job`: submit, execute, list, watch, and what there is to know of one job.

mod cancel;
mod errors;
mod execute;
mod files;
mod list;
mod logs;
mod purge;
mod query;
mod results;
mod retry;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod watch;

use analyte_core::names::JobId;
use anyhow::Result;
use clap::{Args, Subcommand};

use crate::report::{Report, tell};

/// Submits jobs and looks after them.
#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    Submit(submit::Submit),
    Execute(execute::Execute),
    List(list::List),
    Query(query::Query),
    Status(status::Status),
    Results(results::Results),
    Errors(errors::Errors),
    Files(files::Files),
    Logs(logs::Logs),
    Watch(watch::Watch),
    Cancel(cancel::Cancel),
    Retry(retry::Retry),
    Purge(purge::Purge),
}

impl Job {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Submit(command) => command.run(),
            Self::Execute(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Query(command) => command.run(),
            Self::Status(command) => command.run(),
            Self::Results(command) => command.run(),
            Self::Errors(command) => command.run(),
            Self::Files(command) => command.run(),
            Self::Logs(command) => command.run(),
            Self::Watch(command) => command.run(),
            Self::Cancel(command) => command.run(),
            Self::Retry(command) => command.run(),
            Self::Purge(command) => command.run(),
        }
    }
}

/// What each run may use; what is not given is as the server is configured.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Limits {
    /// Fuel units that a run may use (about one per executed instruction).
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Memory that the component may use.
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
    /// Time that a run may take, in milliseconds.
    #[arg(long, value_name = "MS")]
    timeout: Option<u64>,
}

/// Limits as the server takes them.
#[derive(Debug, serde::Serialize)]
pub(crate) struct LimitsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
}

impl Limits {
    /// For a request; `None` where nothing is asked for.
    pub(crate) fn body(self) -> Option<LimitsBody> {
        let Self { fuel, memory, timeout } = self;
        let asked = fuel.or(memory).or(timeout).is_some();
        asked.then_some(LimitsBody { fuel, memory_bytes: memory, timeout_ms: timeout })
    }
}

/// Where a job is.
pub(crate) fn address(id: JobId) -> String {
    format!("/v1/jobs/{id}")
}

/// Does something to each job. Where the server refuses it for one of several, stderr gets the refusal and the others
/// go on.
fn each(ids: &[JobId], what: &str, mut act: impl FnMut(JobId) -> Result<()>) -> Result<()> {
    if let [only] = ids {
        return act(*only);
    }
    let mut failed = 0;
    for id in ids {
        match act(*id) {
            Ok(()) => {}
            Err(error) => {
                // What is not the server's word about this job would be the same for all.
                let mut report = error.downcast::<Report>()?;
                report.facts.insert(0, format!("job {id}"));
                tell(&report.into());
                failed += 1;
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Report::new(format!("{failed} of {} jobs were not {what}", ids.len())).into())
}
