//! `analyte organisation`: create, list, show.

mod create;
mod list;
mod show;

use anyhow::Result;
use clap::Subcommand;

/// Makes, lists and shows the organisations of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Organisation {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
}

impl Organisation {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Create(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
        }
    }
}
