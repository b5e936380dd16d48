//! `analyte schedule`: create, list, show, update, remove, launch.

mod create;
mod launch;
mod list;
mod remove;
mod rule;
mod show;
mod update;

use anyhow::Result;
use clap::Subcommand;

/// Makes schedules, which submit jobs again and again, and looks after them.
#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    Create(Box<create::Create>),
    List(list::List),
    Show(show::Show),
    Update(update::Update),
    Remove(remove::Remove),
    Launch(launch::Launch),
}

impl Schedule {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Create(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Update(command) => command.run(),
            Self::Remove(command) => command.run(),
            Self::Launch(command) => command.run(),
        }
    }
}
