//! `analyte model`: publish, list, show, enable, disable, remove.

mod disable;
mod enable;
mod list;
mod publish;
mod remove;
mod show;
mod state;
mod switch;

use anyhow::Result;
use clap::Subcommand;

/// Publishes, lists, shows, switches and removes models of a provider.
#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    Publish(publish::Publish),
    List(list::List),
    Show(show::Show),
    Enable(enable::Enable),
    Disable(disable::Disable),
    Remove(remove::Remove),
}

impl Model {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Publish(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Enable(command) => command.run(),
            Self::Disable(command) => command.run(),
            Self::Remove(command) => command.run(),
        }
    }
}
