//! `analyte token`: create, list, show, revoke.

mod create;
mod in_words;
mod list;
mod revoke;
mod show;

use anyhow::Result;
use clap::Subcommand;

/// Makes, lists, shows and revokes the tokens of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Revoke(revoke::Revoke),
}

impl Token {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Create(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Revoke(command) => command.run(),
        }
    }
}
