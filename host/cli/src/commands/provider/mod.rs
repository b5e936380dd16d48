//! `analyte provider`: install, list, show, remove.

pub(crate) mod install;
mod list;
mod remove;
mod show;

use anyhow::Result;
use clap::Subcommand;

/// Installs, lists, shows and removes the providers of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Provider {
    Install(install::Install),
    List(list::List),
    Show(show::Show),
    Remove(remove::Remove),
}

impl Provider {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Install(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Remove(command) => command.run(),
        }
    }
}
