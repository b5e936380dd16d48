//! What the binary `analyte` does: the server, and every command of a person or a script.
//!
//! Each command has a file (or folder) of its own; what they share is how they speak: results go to stdout and nothing
//! else does, all other text goes to stderr, and [`report`] prints every failure in the same form. A command ends with
//! 0 where it did what the user asked, 1 where the job or the call failed, 2 where the user called it wrongly.

mod build;
mod cache_dir;
mod client;
mod config;
mod data_dir;
mod demo;
mod duration;
mod inspect;
mod job;
mod logging;
mod memory;
mod model;
mod organisation;
mod pairs;
mod parameters;
mod progress;
mod provider;
mod report;
mod run;
mod sandbox;
mod serve;
mod show;
mod shutdown;
mod table_input;
mod token;
mod wasm_target;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs analyses it does not trust: WebAssembly providers, metered by fuel, bounded in memory and time.
#[derive(Parser)]
#[command(name = "analyte", version, max_term_width = 120, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the job or the call failed, 2 wrong usage.\n\
    Results go to stdout, everything else to stderr. ANALYTE_LOG (or RUST_LOG) sets what is logged, for instance `debug`.";

#[derive(Subcommand)]
enum Command {
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
    Token(token::Token),
    #[command(subcommand)]
    Organisation(organisation::Organisation),
}

/// Runs what the command line of this process asks for.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == analyte_engine::compiler::CHILD_COMMAND) {
        return compile(&arguments.collect::<Vec<_>>());
    }
    let command = Cli::parse().command;
    let usual = if matches!(command, Command::Serve(_)) { "info" } else { "warn" };
    logging::start(usual);
    let done = match command {
        Command::Serve(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Build(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Provider(command) => command.run(),
        Command::Model(command) => command.run(),
        Command::Job(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Organisation(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // `analyte … | head` has seen enough.
        Err(error) if error.is::<show::ReaderGone>() => ExitCode::SUCCESS,
        Err(error) => {
            report::tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// What this program does as the engine's compiling child: nothing but that, under limits that it sets itself.
fn compile(arguments: &[OsString]) -> ExitCode {
    match analyte_engine::compiler::child(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            report::line(&line);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
