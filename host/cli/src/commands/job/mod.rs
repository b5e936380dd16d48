//! `analyte job`: submit, execute, list, watch, and what there is to know of one job.

mod cancel;
mod each;
mod errors;
mod execute;
mod files;
mod list;
mod logs;
mod purge;
mod query;
mod results;
mod retry;
mod show;
mod status;
mod submit;
mod watch;
mod webhooks;

use anyhow::Result;
use clap::Subcommand;

/// Submits jobs and looks after them.
#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    Submit(submit::Submit),
    Execute(execute::Execute),
    List(list::List),
    Query(query::Query),
    Show(show::Show),
    Status(status::Status),
    Results(results::Results),
    Errors(errors::Errors),
    Files(files::Files),
    Logs(logs::Logs),
    Webhooks(webhooks::Webhooks),
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
            Self::Show(command) => command.run(),
            Self::Status(command) => command.run(),
            Self::Results(command) => command.run(),
            Self::Errors(command) => command.run(),
            Self::Files(command) => command.run(),
            Self::Logs(command) => command.run(),
            Self::Webhooks(command) => command.run(),
            Self::Watch(command) => command.run(),
            Self::Cancel(command) => command.run(),
            Self::Retry(command) => command.run(),
            Self::Purge(command) => command.run(),
        }
    }
}
