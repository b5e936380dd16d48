//! The commands, a file for each: `analyte job list` is `job/list.rs`.

mod build;
mod demo;
mod inspect;
mod job;
mod model;
mod organisation;
mod provider;
mod run;
mod schedule;
mod serve;
mod token;

use anyhow::Result;
use clap::Subcommand;

/// What the user asks for.
#[derive(Subcommand)]
pub(crate) enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Build(build::Build),
    Inspect(inspect::Inspect),
    Run(run::Run),
    #[command(subcommand)]
    Provider(provider::Provider),
    #[command(subcommand)]
    Model(model::Model),
    #[command(subcommand)]
    Job(job::Job),
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Organisation(organisation::Organisation),
}

impl Command {
    /// What is logged unless the user says it: a server's log says what it does, a command's only what is wrong.
    pub(crate) fn usual_log_level(&self) -> &'static str {
        if matches!(self, Self::Serve(_)) { "info" } else { "warn" }
    }

    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Serve(command) => command.run(),
            Self::Demo(command) => command.run(),
            Self::Build(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Provider(command) => command.run(),
            Self::Model(command) => command.run(),
            Self::Job(command) => command.run(),
            Self::Schedule(command) => command.run(),
            Self::Token(command) => command.run(),
            Self::Organisation(command) => command.run(),
        }
    }
}
